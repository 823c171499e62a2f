// The fixed data that routes return.

const ALERT_COUNT = 250
const HOST_COUNT = 120
const FIRST_ALERT_TIME = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational'] as const
const REGIONS = ['us-east-1', 'eu-central-1', 'ap-southeast-2'] as const

/** The user who owns every access key. */
export const USER = {
  email: 'demo@demo.invalid',
  firstName: 'Demo',
  lastName: 'User',
  displayName: 'Demo User',
  timeZone: 'UTC',
  enabled: true,
  accessKeysAllowed: true,
  roleId: '00000000-0000-4000-b000-000000000000',
  roleType: 'System Admin',
}

/** The cloud accounts, one per region. */
export const CLOUD_ACCOUNTS = REGIONS.map((region, index) => ({
  accountId: String(100000000001 + index),
  name: `demo-${region}`,
  cloudType: 'aws',
  enabled: true,
  status: 'ok',
}))

/** The policies, one per severity. */
export const POLICIES = SEVERITIES.map((severity, index) => ({
  policyId: `00000000-0000-4000-8000-00000000000${index}`,
  name: `Demo policy of ${severity} severity`,
  policyType: 'config',
  cloudType: 'aws',
  severity,
  enabled: true,
}))

/** The alerts, oldest first, each with a unique id. */
export const ALERTS = Array.from({ length: ALERT_COUNT }, (_, index) => ({
  id: `P-${1000 + index}`,
  status: 'open',
  alertTime: FIRST_ALERT_TIME + index * MINUTE,
  firstSeen: FIRST_ALERT_TIME + index * MINUTE,
  policy: POLICIES[index % POLICIES.length],
  resource: {
    id: `i-${index.toString(16).padStart(8, '0')}`,
    name: `instance-${index}`,
    account: CLOUD_ACCOUNTS[index % CLOUD_ACCOUNTS.length]?.name,
    accountId: CLOUD_ACCOUNTS[index % CLOUD_ACCOUNTS.length]?.accountId,
    region: REGIONS[index % REGIONS.length],
    cloudType: 'aws',
  },
}))

/** The hosts that Compute monitors. */
export const HOSTS = Array.from({ length: HOST_COUNT }, (_, index) => ({
  _id: `host-${index}.demo.invalid`,
  hostname: `host-${index}.demo.invalid`,
  cloudMetadata: { provider: 'aws', region: REGIONS[index % REGIONS.length] },
  vulnerabilitiesCount: index % 7,
}))

/** The repositories that application security scans. */
export const REPOSITORIES = ['web', 'api', 'infrastructure'].map((repository, index) => ({
  id: `00000000-0000-4000-9000-00000000000${index}`,
  repository,
  owner: 'demo',
  source: 'Github',
  isPublic: false,
}))

/** The compliance posture of the tenant. */
export const POSTURE = {
  summary: { failedResources: 25, passedResources: 225, totalResources: 250, highSeverityFailedResources: 5 },
  complianceDetails: [{ name: 'CIS v1.5.0 (AWS)', failedResources: 25, passedResources: 225, totalResources: 250 }],
  requestedTimestamp: FIRST_ALERT_TIME,
}
