// The responses that faults return instead of the API.

import { type ApiResponse, apiError, apiResponse, gatewayPage, json } from '../responses.ts'
import type { Fault } from './faults.ts'

const GATEWAY_HEADERS: ReadonlyMap<number, ApiResponse['headers']> = new Map([
  [429, { 'X-RateLimit-Remaining': '0' }],
  [503, { 'Retry-After': '1' }],
])

/** The response that a fault returns instead of the API; undefined for a fault that acts in another way. */
export function faultResponse(fault: Fault): ApiResponse | undefined {
  if (fault.kind === 'refuse-login') return apiError(401, 'invalid_credentials')
  if (fault.kind === 'no-token') return json({ message: 'login_successful', customerNames: [] })
  if (fault.kind !== 'status') return undefined
  const headers = { ...GATEWAY_HEADERS.get(fault.status), ...fault.headers }
  return fault.body === undefined ? gatewayPage(fault.status, headers) : apiResponse(fault.status, headers, fault.body)
}
