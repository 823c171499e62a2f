import { json } from './answers.ts'
import { ALERTS, CLOUD_ACCOUNTS, POLICIES, POSTURE, REPOSITORIES } from './data.ts'
import type { Route } from './route.ts'

const auth = 'x-redlock-auth'

// The name ends in .invalid (RFC 6761, 6.4): a client that follows it takes its token nowhere.
const META_INFO = { twistlockUrl: 'https://compute.simulator.invalid/us-1-000000000', licenseType: 'ENTERPRISE' }

const SEARCH_RESULT = {
  id: '00000000-0000-4000-a000-000000000000',
  searchType: 'config',
  data: { totalRows: ALERTS.length, items: ALERTS.map(alert => alert.resource) },
}

/** What is there to look at: the tenant, its accounts, policies, posture, resources and repositories. */
export const inventoryRoutes: readonly Route[] = [
  { method: 'GET', template: '/meta_info', auth, handle: () => json(META_INFO) },
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
