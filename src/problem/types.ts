/** What a problem type means; the pages under `/_proxy/problems/` are made of it. */
export interface ProblemType {
  /** Its status code, unless the upstream's own is kept. */
  readonly status: number
  readonly title: string
  /** Whether the same request may succeed later without anybody's doing. */
  readonly retryable: boolean
  /** What it means, in one or two sentences. */
  readonly meaning: string
  /** What usually lies behind it. */
  readonly causes: readonly string[]
  /** What to do about it. */
  readonly cure: string
}

/** Every failure that the proxy reports, by the name that ends its `type`. */
export const problemTypes = {
  'invalid-request': { status: 400, title: 'Bad Request', retryable: false, meaning: '', causes: [], cure: '' },
  'client-unauthorized': { status: 401, title: 'Unauthorized', retryable: false, meaning: '', causes: [], cure: '' },
  'host-not-allowed': { status: 403, title: 'Forbidden', retryable: false, meaning: '', causes: [], cure: '' },
  'origin-not-allowed': { status: 403, title: 'Forbidden', retryable: false, meaning: '', causes: [], cure: '' },
  'policy-denied': { status: 403, title: 'Forbidden', retryable: false, meaning: '', causes: [], cure: '' },
  'unknown-tenant': { status: 404, title: 'Not Found', retryable: false, meaning: '', causes: [], cure: '' },
  'rate-limited': { status: 429, title: 'Too Many Requests', retryable: true, meaning: '', causes: [], cure: '' },
  'credentials-rejected': { status: 502, title: 'Bad Gateway', retryable: false, meaning: '', causes: [], cure: '' },
  'upstream-unreachable': { status: 502, title: 'Bad Gateway', retryable: true, meaning: '', causes: [], cure: '' },
  'upstream-invalid': { status: 502, title: 'Bad Gateway', retryable: true, meaning: '', causes: [], cure: '' },
  'session-unavailable': {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning: '',
    causes: [],
    cure: '',
  },
  overloaded: { status: 503, title: 'Service Unavailable', retryable: true, meaning: '', causes: [], cure: '' },
  draining: { status: 503, title: 'Service Unavailable', retryable: true, meaning: '', causes: [], cure: '' },
  'upstream-timeout': { status: 504, title: 'Gateway Timeout', retryable: true, meaning: '', causes: [], cure: '' },
  'upstream-error': { status: 502, title: 'Upstream Error', retryable: false, meaning: '', causes: [], cure: '' },
} as const satisfies Record<string, ProblemType>

/** The name of a problem type. */
export type ProblemName = keyof typeof problemTypes
