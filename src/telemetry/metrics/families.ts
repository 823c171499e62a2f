/** A metric as it is declared: what it is called, what it counts or measures, and the labels that all its samples have. */
export interface Family<Label extends string = string> {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** The names of the labels, in the order in which samples show them. A histogram's `le` is not among them. */
  readonly labels: readonly Label[]
}

type Declare = <const Label extends string = never>(name: string, help: string, ...labels: Label[]) => Family<Label>

const own = (type: Family['type']): Declare => {
  return (name, help, ...labels) => ({ name: `prismacloud_proxy_${name}`, type, help, labels })
}

/** A metric that Prometheus's client libraries have in common. */
const common = (type: Family['type']): Declare => {
  return (name, help, ...labels) => ({ name, type, help, labels })
}

const [counter, gauge, histogram] = [own('counter'), own('gauge'), own('histogram')]

/** Every metric of the proxy. The table in config/README.md is made from these declarations. */
export const FAMILIES = {
  requests: counter(
    'requests_total',
    'Requests by tenant, operation of the API, method and status class. Requests to the proxy itself are not counted.',
    'tenant',
    'operation',
    'method',
    'status',
  ),
  requestDuration: histogram(
    'request_duration_seconds',
    'Time from the request to the end of the response.',
    'tenant',
    'operation',
  ),
  upstreamDuration: histogram(
    'upstream_duration_seconds',
    'Time from forwarding the request to receiving the response headers of the upstream.',
    'tenant',
    'operation',
  ),
  clientRequests: counter(
    'client_requests_total',
    'Requests by tenant and client. The client is empty if no clients are configured.',
    'tenant',
    'client',
  ),
  rejectedRequests: counter(
    'rejected_requests_total',
    'Requests that were rejected before their tenant was known, by problem type; aborted if the client left first.',
    'problem',
  ),
  inFlight: gauge('requests_in_flight', 'Requests in flight.'),
  replays: counter('replays_total', 'Requests sent to the upstream more than once.', 'tenant'),
  replayBytes: gauge('replay_bytes', 'Bytes of request bodies kept in memory for a retry.'),
  cacheRequests: counter(
    'cache_requests_total',
    'Requests that match a cache rule, by outcome: hit, miss or shared.',
    'tenant',
    'outcome',
  ),
  failures: counter('failures_total', 'Requests that ended with a problem, by problem type.', 'tenant', 'problem'),
  deprecatedRequests: counter(
    'deprecated_requests_total',
    'Requests for deprecated operations of the API, by client.',
    'tenant',
    'client',
    'operation',
    'method',
  ),
  auditLinesLost: counter('audit_lines_lost_total', 'Audit log lines that could not be written.'),

  ready: gauge('ready', '1 if clients should send requests, as /_proxy/readyz says, else 0.'),
  sessionCalls: counter(
    'session_calls_total',
    'Logins and session extensions, by outcome.',
    'tenant',
    'call',
    'outcome',
  ),
  sessionState: gauge('session_state', '1 for the current state of a session, 0 for all others.', 'tenant', 'state'),
  sessionExpiry: gauge(
    'session_expiry_timestamp_seconds',
    'When the session token expires, in seconds since 1970. Absent while there is none that may be used.',
    'tenant',
  ),
  keyExpiry: gauge(
    'access_key_expiry_timestamp_seconds',
    'When the access key expires, in seconds since 1970. Absent if it does not, or if that is not known.',
    'tenant',
  ),

  limitRate: gauge('limit_rate', 'Rate limit of the endpoint, in requests per second.', 'tenant', 'endpoint'),
  limitBurst: gauge('limit_burst', 'Requests that the rate limit allows at once.', 'tenant', 'endpoint'),
  limitRemaining: gauge(
    'limit_remaining',
    'Requests that the rate limit allows at once right now.',
    'tenant',
    'endpoint',
  ),
  queueLength: gauge('queue_length', 'Requests waiting for the rate limit.', 'tenant', 'endpoint'),
  waits: counter('waits_total', 'Requests that had to wait for the rate limit.', 'tenant', 'endpoint'),
  waitSeconds: counter(
    'wait_seconds_total',
    'Total time that requests waited for the rate limit.',
    'tenant',
    'endpoint',
  ),
  refusals: counter(
    'refusals_total',
    'Responses 429 and 503 from the upstream, including retried ones that clients never saw.',
    'tenant',
    'endpoint',
  ),

  fleetState: gauge('fleet_state', "1 for the current state of the fleet's Redis, 0 for all others.", 'state'),
  fleetCalls: counter('fleet_calls_total', 'Scripts run in Redis, by outcome.', 'call', 'outcome'),
  fleetCallDuration: histogram('fleet_call_duration_seconds', 'Time until Redis answered a script.', 'call'),
  fleetMembers: gauge('fleet_members', 'Members of the fleet when Redis was last asked.'),
  fleetMemberStart: gauge(
    'fleet_member_start_timestamp_seconds',
    'When a member started, in seconds since 1970.',
    'member',
    'version',
  ),
  fleetMemberRequests: counter(
    'fleet_member_requests_total',
    'Requests that a member has served.',
    'member',
    'version',
  ),
  fleetMemberRenewal: gauge(
    'fleet_member_renewal_timestamp_seconds',
    'When a member last logged in or extended a session, in seconds since 1970; 0 if never.',
    'member',
    'version',
  ),

  build: gauge('build_info', '1, with the versions of the proxy and of Node.js.', 'version', 'node_version'),
  cpu: common('counter')('process_cpu_seconds_total', 'Total user and system CPU time.'),
  startTime: common('gauge')('process_start_time_seconds', 'When the process started, in seconds since 1970.'),
  residentMemory: common('gauge')('process_resident_memory_bytes', 'Resident memory.'),
  virtualMemory: common('gauge')('process_virtual_memory_bytes', 'Virtual memory. Only on Linux.'),
  openFiles: common('gauge')('process_open_fds', 'Open file descriptors, connections among them. Only on Linux.'),
  maxFiles: common('gauge')('process_max_fds', 'The most open file descriptors that are allowed. Only on Linux.'),
} as const
