// The Compute console: its version, and hosts in pages.

import { type ApiResponse, json, withHeaders } from '../responses.ts'
import { HOSTS } from './data.ts'
import type { Route, RoutedCall } from './route.ts'

/** The path prefix of the Compute console. */
export const COMPUTE_BASE = '/us-1-000000000'

const MAX_LIMIT = 50
const auth = 'x-redlock-auth'

/** The routes of the Compute console: its version, and hosts in pages. */
export const computeRoutes: readonly Route[] = [
  { method: 'GET', template: `${COMPUTE_BASE}/api/{version}/version`, auth, handle: () => json('34.01.126') },
  { method: 'GET', template: `${COMPUTE_BASE}/api/{version}/hosts`, auth, handle: hosts },
]

/** An error in the only shape that the console uses, `{"err": …}`. */
export function computeError(status: number, err: string): ApiResponse {
  return json({ err }, status)
}

function hosts({ query }: RoutedCall): ApiResponse {
  const [limit, offset] = [Number(query.get('limit') ?? MAX_LIMIT), Number(query.get('offset') ?? 0)]
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return computeError(400, 'invalid limit')
  if (!Number.isInteger(offset) || offset < 0) return computeError(400, 'invalid offset')
  return withHeaders(json(HOSTS.slice(offset, offset + limit)), { 'total-count': `${HOSTS.length}` })
}
