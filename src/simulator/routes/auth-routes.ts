// Login, session extension, and what is known of an access key.

import { type ApiResponse, apiError, json } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import type { SimulatorTenant, SimulatorUser } from '../users.ts'
import type { Route, RoutedCall } from './route.ts'

const ROLES = [{ id: 'role-1', name: 'System Admin', type: 'System Admin', onlyAllowCIAccess: false }]

/** The routes that issue tokens, and the one that describes an access key. */
export const authRoutes: readonly Route[] = [
  { method: 'POST', template: '/login', auth: 'none', required: ['username', 'password'], handle: login },
  { method: 'GET', template: '/auth_token/extend', auth: 'x-redlock-auth', handle: extend },
  { method: 'GET', template: '/access_keys/{id}', auth: 'x-redlock-auth', handle: accessKey },
]

function login({ fields }: RoutedCall, state: SimulatorState): ApiResponse {
  const { username, password } = fields
  const user = state.users.find(each => each.accessKeyId === username && each.secretKey === password)
  if (user?.state === 'sso') return apiError(401, 'sso_enabled_password_login_attempt')
  if (user?.state === 'expired' || user?.state === 'disabled') return apiError(401, 'invalid_credentials')
  const [tenant, another] = user ? chosenTenants(user, fields) : []
  if (!user || !tenant) return apiError(401, 'invalid_credentials')
  if (another) return sessionResponse(user.tenants, {})
  const { accessKeyId, user: sub = accessKeyId } = user
  const token = state.tokens.issue({ sub, accessKeyId, ...tenant })
  return sessionResponse(user.tenants, { token, roles: [] })
}

function extend({ session }: RoutedCall, state: SimulatorState): ApiResponse {
  return sessionResponse([session], { token: state.tokens.issue(session), roles: ROLES })
}

function accessKey({ variables: [id], session }: RoutedCall, { users }: SimulatorState): ApiResponse {
  const reader = users.find(each => each.accessKeyId === session.accessKeyId)
  if (!reader || reader.state === 'disabled') return apiError(400, 'user_inactive_or_not_exist')
  if (reader.mayReadKeys === false) return apiError(403, 'unauthorized_to_use_access_keys')
  const owner = users.find(each => each.accessKeyId === id)
  if (!owner) return apiError(500, 'non_existing_access_key')
  return json({ id, name: 'Demo key', expiresOn: owner.keyExpiresOn ?? 0 })
}

function chosenTenants(user: SimulatorUser, { prismaId, customerName }: RoutedCall['fields']) {
  if (typeof prismaId === 'string') return user.tenants.filter(each => each.prismaId === prismaId)
  if (typeof customerName === 'string') return user.tenants.filter(each => each.customerName === customerName)
  return user.tenants
}

function sessionResponse(tenants: readonly SimulatorTenant[], more: object): ApiResponse {
  const customerNames = tenants.map(({ customerName, prismaId }) => ({ customerName, prismaId, tosAccepted: true }))
  return json({ message: 'login_successful', customerNames, ...more })
}
