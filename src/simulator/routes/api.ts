import { type Call, soleHeader } from '../call.ts'
import { readFields } from '../json-body.ts'
import { type ApiResponse, apiError, gatewayPage, springError, withHeaders } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import type { Session, TokenVerdict } from '../tokens.ts'
import { alertRoutes } from './alert-routes.ts'
import { authRoutes } from './auth-routes.ts'
import { COMPUTE_BASE, computeError, computeRoutes } from './compute-routes.ts'
import { inventoryRoutes } from './inventory-routes.ts'
import { probeRoutes } from './probe-routes.ts'
import { findRoute, type Route } from './route.ts'

const ROUTES = [...authRoutes, ...alertRoutes, ...inventoryRoutes, ...computeRoutes, ...probeRoutes]
const NOBODY: Session = { accessKeyId: '', customerName: '', prismaId: '' }

/** What the API answers to a call whose body has arrived. */
export function respondTo(call: Call, state: SimulatorState): ApiResponse {
  const match = findRoute(ROUTES, call)
  if ('allowed' in match) return noRoute(call, match.allowed, state.now())
  const verdict = judge(call, match.route, state)
  if (verdict.state !== 'live') return unauthorized(call, verdict.state)
  const { route, variables } = match
  const permit = state.limits.take(verdict.session.accessKeyId, `${route.method} ${route.template}`)
  if (permit?.granted === false) return gatewayPage(429, permit.headers)
  const response = handle(call, route, variables, verdict.session, state)
  return withHeaders(response, permit?.headers ?? {})
}

function unauthorized(call: Call, state: 'expired' | 'invalid'): ApiResponse {
  if (isCompute(call)) return computeError(401, 'unauthorized')
  return apiError(401, state === 'expired' ? 'token_expired' : 'invalid_token')
}

function isCompute({ path }: Call): boolean {
  return path.startsWith(`${COMPUTE_BASE}/`)
}

function noRoute(call: Call, allowed: readonly string[], now: number): ApiResponse {
  if (isCompute(call)) return computeError(404, 'not found')
  const { path } = call
  if (allowed.length === 0) return springError(404, path, now)
  return withHeaders(springError(405, path, now), { allow: allowed.join(', ') })
}

function judge(call: Call, { auth }: Route, { tokens }: SimulatorState): TokenVerdict {
  return auth === 'none' ? { state: 'live', session: NOBODY } : tokens.judge(soleHeader(call, auth) ?? '')
}

function handle(
  call: Call,
  route: Route,
  variables: readonly string[],
  session: Session,
  state: SimulatorState,
): ApiResponse {
  const read = route.required ? readFields(call, route.required, state.now()) : { fields: {} }
  return 'refused' in read ? read.refused : route.handle({ ...call, ...read, variables, session }, state)
}
