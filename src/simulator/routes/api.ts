// Responds to API calls: finds the route, verifies the token, applies the rate limit, reads the body, calls the
// handler.
//
// To add a route:
// 1. Add a `Route` (route.ts) to the file of its area, or to a new file that ROUTES below lists.
// 2. Put fixed data into data.ts.
// 3. If the API description declares a rate limit for the endpoint, add it to DECLARED_RATE_LIMITS (../rate-limits.ts).
// 4. Test it in test/simulator/resources.test.ts.

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

/** Every route of the simulator; the first that matches a call handles it. */
const ROUTES = [...authRoutes, ...alertRoutes, ...inventoryRoutes, ...computeRoutes, ...probeRoutes]
/** The session of calls to routes that need none. */
const NOBODY: Session = { sub: '', accessKeyId: '', customerName: '', prismaId: '' }

/** Computes the response to a call whose body has been received. With `uncounted`, rate limits do not apply to it. */
export function respondTo(call: Call, state: SimulatorState, uncounted: boolean): ApiResponse {
  const match = findRoute(ROUTES, call)
  if ('allowed' in match) return noRoute(call, match.allowed, state.now())
  const verdict = verify(call, match.route, state)
  if (verdict.state !== 'live') return unauthorized(call, verdict.state)
  const { route, variables } = match
  const endpoint = `${route.method} ${route.template}`
  const permit = uncounted ? state.limits.takeUncounted(endpoint) : state.limits.take(verdict.session.sub, endpoint)
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

function verify(call: Call, { auth }: Route, { tokens }: SimulatorState): TokenVerdict {
  return auth === 'none' ? { state: 'live', session: NOBODY } : tokens.verify(soleHeader(call, auth) ?? '')
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
