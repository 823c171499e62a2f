import { type ProblemName, problemTypes } from './catalogue.ts'

/** One error as an upstream reported it, as far as its shape tells. */
export interface UpstreamError {
  readonly code: string | null
  readonly message: string | null
  readonly severity: string | null
  readonly subject: string | null
}

/** What a problem document says of the upstream's own answer. */
export interface UpstreamFacts {
  readonly host: string
  readonly status: number
  /** The vendor's request id (`x-redlock-request-id`, else `trace-id`): what its support asks for. */
  readonly requestId: string | null
  readonly errors: readonly UpstreamError[]
  /** The original body where it is JSON or short text, else null. */
  readonly body: unknown
}

export interface ProblemOptions {
  /** The upstream's status, where it is kept. Default: the type's own. */
  readonly status?: number
  /** Default: the type's own. */
  readonly title?: string
  /** Whether the same request may succeed later. Default: the type's own. */
  readonly retryable?: boolean
  /** Whole seconds until it is worth trying again, sent as `Retry-After` (RFC 9110, 10.2.3). Default: 1 with 429 and 503. */
  readonly retryAfter?: number
  readonly upstream?: UpstreamFacts
  /** Members beyond those that every problem document has (RFC 9457, 3.2); those of the same names are not taken. */
  readonly members?: Readonly<Record<string, unknown>>
  /** For the log alone: it never reaches a client. */
  readonly cause?: unknown
}

/** The statuses with which a client is always told when to come back. */
const ASK_TO_WAIT = new Set([429, 503])
/** Seconds, where nothing better is known. */
const SOON = 1

/** A failure that a client is told of, in the one shape that every failure has. `detail` must hold no secret. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly type: ProblemName
  readonly detail: string
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly upstream: UpstreamFacts | undefined
  readonly members: Readonly<Record<string, unknown>> | undefined

  constructor(type: ProblemName, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    const defaults = problemTypes[type]
    this.type = type
    this.detail = detail
    this.status = options.status ?? defaults.status
    this.title = options.title ?? defaults.title
    this.retryable = options.retryable ?? defaults.retryable
    this.retryAfter = options.retryAfter ?? (ASK_TO_WAIT.has(this.status) ? SOON : undefined)
    this.upstream = options.upstream
    this.members = options.members
  }
}

/** A problem document (RFC 9457) as it goes over the wire. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly requestId: string
  readonly retryable: boolean
  /** What went wrong in one sentence, where clients of the API look for it: checkov, the Python SDK. */
  readonly message: string
  /** The same where clients of Compute look for it, such as its Terraform provider. */
  readonly err?: string
  readonly upstream?: UpstreamFacts
}

/** The request that met a problem. */
export interface ProblemRequest {
  /** Its path without query: queries may hold what is private. */
  readonly instance: string
  readonly requestId: string
  /** Whether it is for Compute, or may be. */
  readonly compute: boolean
}

/** The document for a problem that a request met. */
export function problemDocument(problem: Problem, { instance, requestId, compute }: ProblemRequest): ProblemDocument {
  const message = problem.detail || problem.title
  return {
    ...problem.members,
    type: `/_proxy/problems/${problem.type}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    instance,
    requestId,
    retryable: problem.retryable,
    message,
    ...(compute && { err: message }),
    ...(problem.upstream && { upstream: problem.upstream }),
  }
}
