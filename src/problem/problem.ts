import { type ProblemName, problemTypes } from './catalogue.ts'

/** One error that the upstream reported; members that its shape does not have are null. */
export interface UpstreamError {
  readonly code: string | null
  readonly message: string | null
  readonly severity: string | null
  readonly subject: string | null
}

/** The `upstream` member of a problem document: what the upstream itself responded. */
export interface UpstreamFacts {
  readonly host: string
  readonly status: number
  /** Prisma Cloud's request id (`x-redlock-request-id`, else `trace-id`), which its support asks for. */
  readonly requestId: string | null
  readonly errors: readonly UpstreamError[]
  /** The original body if it is JSON or plain text, and short enough; else null. */
  readonly body: unknown
}

/** Options of a {@link Problem}. */
export interface ProblemOptions {
  /** Default: the status of the type. */
  readonly status?: number
  /** Default: the title of the type. */
  readonly title?: string
  /** Whether an unchanged request may succeed later. Default: as the type says. */
  readonly retryable?: boolean
  /** Seconds to wait before a retry, sent as `Retry-After` (RFC 9110, 10.2.3). Default: 1 for status 429 and 503. */
  readonly retryAfter?: number
  readonly upstream?: UpstreamFacts
  /** Extension members of the problem document (RFC 9457, 3.2). They cannot replace the standard members. */
  readonly members?: Readonly<Record<string, unknown>>
  /** The underlying error. It is logged and never sent to a client. */
  readonly cause?: unknown
}

/** Statuses that always come with `Retry-After`. */
const ASK_TO_WAIT = new Set([429, 503])
/** The default of `Retry-After`, in seconds. */
const SOON = 1

/**
 * An error that is reported to the client as a problem document. `type` names its entry in the catalogue; `detail` says
 * what is wrong with this request, and must not contain secrets.
 */
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

/** A problem document (RFC 9457) as sent to clients, in every representation. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly requestId: string
  /** The path template of the API's operation, such as `/v2/policy/{id}`. Missing unless a description has it. */
  readonly operation?: string
  readonly retryable: boolean
  /** The detail, or the title if there is none, in the member that clients of the API read: checkov, the Python SDK. */
  readonly message: string
  /** A copy of `message` in the member that clients of Compute read, such as its Terraform provider. */
  readonly err?: string
  readonly upstream?: UpstreamFacts
}

/** The facts of a failed request that its problem document contains. */
export interface ProblemRequest {
  /** The path without the query, which may contain private data. */
  readonly instance: string
  readonly requestId: string
  /** The path template of the API's operation, if a description has it. */
  readonly operation?: string | undefined
  /** Whether the request is, or may be, for Compute. */
  readonly compute: boolean
}

/** Creates the problem document for a failed request. */
export function problemDocument(
  problem: Problem,
  { instance, requestId, operation, compute }: ProblemRequest,
): ProblemDocument {
  const message = problem.detail || problem.title
  return {
    ...problem.members,
    type: `/_proxy/problems/${problem.type}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    instance,
    requestId,
    ...(operation !== undefined && { operation }),
    retryable: problem.retryable,
    message,
    ...(compute && { err: message }),
    ...(problem.upstream && { upstream: problem.upstream }),
  }
}
