// The inventory: tenant, user, cloud accounts, policies, posture, resources and repositories.

import { soleHeader } from '../call.ts'
import { type ApiResponse, json } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import { COMPUTE_BASE } from './compute-routes.ts'
import { ALERTS, CLOUD_ACCOUNTS, POLICIES, POSTURE, REPOSITORIES, USER } from './data.ts'
import type { Route, RoutedCall } from './route.ts'

const auth = 'x-redlock-auth'

const SEARCH_RESULT = {
  id: '00000000-0000-4000-a000-000000000000',
  searchType: 'config',
  data: { totalRows: ALERTS.length, items: ALERTS.map(alert => alert.resource) },
}

/** The routes that return a tenant's inventory. */
export const inventoryRoutes: readonly Route[] = [
  { method: 'GET', template: '/meta_info', auth, handle: metaInfo },
  { method: 'GET', template: '/user/me', auth, handle: () => json(USER) },
  { method: 'GET', template: '/cloud', auth, handle: () => json(CLOUD_ACCOUNTS) },
  { method: 'GET', template: '/v2/policy', auth, handle: () => json(POLICIES) },
  { method: 'GET', template: '/compliance/posture', auth, handle: () => json(POSTURE) },
  { method: 'POST', template: '/compliance/posture', auth, required: ['timeRange'], handle: () => json(POSTURE) },
  {
    method: 'POST',
    template: '/search/config',
    auth,
    required: ['query', 'timeRange'],
    handle: () => json(SEARCH_RESULT),
  },
  {
    method: 'GET',
    template: '/code/api/v1/repositories',
    auth: 'authorization',
    handle: () => json(REPOSITORIES),
  },
  {
    method: 'GET',
    template: '/bridgecrew/api/v1/repositories',
    auth: 'authorization',
    handle: () => json(REPOSITORIES),
  },
]

/**
 * Names the address of the Compute console: the host that the client used for the simulator, unless that is an API host
 * of Prisma Cloud.
 */
function metaInfo(call: RoutedCall, { scheme }: SimulatorState): ApiResponse {
  const host = `${soleHeader(call, 'host')}`.replace(/^api.*\.prismacloud\.io$/, 'us-east1.cloud.twistlock.com')
  return json({ twistlockUrl: `${scheme}://${host}${COMPUTE_BASE}`, licenseType: 'ENTERPRISE' })
}
