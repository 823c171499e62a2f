// Login and session extension.

import { type ApiResponse, apiError, json } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import type { SimulatorTenant, SimulatorUser } from '../users.ts'
import type { Route, RoutedCall } from './route.ts'

const ROLES = [{ id: 'role-1', name: 'System Admin', type: 'System Admin', onlyAllowCIAccess: false }]

/** The routes that issue tokens: login and session extension. */
export const authRoutes: readonly Route[] = [
  { method: 'POST', template: '/login', auth: 'none', required: ['username', 'password'], handle: login },
  { method: 'GET', template: '/auth_token/extend', auth: 'x-redlock-auth', handle: extend },
]

function login({ fields }: RoutedCall, state: SimulatorState): ApiResponse {
  const { username, password } = fields
  const user = state.users.find(each => each.accessKeyId === username && each.secretKey === password)
  if (user?.state === 'sso') return apiError(401, 'sso_enabled_password_login_attempt')
  if (user?.state === 'expired' || user?.state === 'disabled') return apiError(401, 'invalid_credentials')
  const [tenant, another] = user ? chosenTenants(user, fields) : []
  if (!user || !tenant) return apiError(401, 'invalid_credentials')
  if (another) return sessionResponse(user.tenants, {})
  const token = state.tokens.issue({ accessKeyId: user.accessKeyId, ...tenant })
  return sessionResponse(user.tenants, { token, roles: [] })
}

function extend({ session }: RoutedCall, state: SimulatorState): ApiResponse {
  return sessionResponse([session], { token: state.tokens.issue(session), roles: ROLES })
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
