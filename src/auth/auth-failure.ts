/**
 * What to do after a failed auth call:
 *
 * - `rejected`: the access key is invalid. Only a person can help, and retrying may lock the key.
 * - `refused`: the token cannot be extended. Log in.
 * - `transient`: retry later.
 */
export type FailureNature = 'rejected' | 'refused' | 'transient'

/**
 * A cause of a rejection for which the message says what to do:
 *
 * - `several-tenants`: the key is good, but its user belongs to several tenants and the login named none.
 * - `sso-enabled`: the user must sign in by single sign-on, but logged in with a password instead of an access key.
 */
export type RejectionReason = 'several-tenants' | 'sso-enabled'

/** An auth call failed. The message is for people and contains no secret. */
export class AuthFailure extends Error {
  override readonly name = 'AuthFailure'
  readonly nature: FailureNature
  /** The cause, if code needs to act on it. */
  readonly reason: RejectionReason | undefined
  /** How long the auth service asked to wait, in milliseconds; 0 if it did not. */
  readonly retryAfter: number
  /**
   * Whether retries will keep failing until somebody changes something, such as a host name. Requests then need not
   * wait.
   */
  readonly lasting: boolean
  /** Whether the auth service answered so, which it would to others, too. */
  readonly isAnswer: boolean

  constructor(
    nature: FailureNature,
    message: string,
    options: {
      reason?: RejectionReason | undefined
      retryAfter?: number
      lasting?: boolean
      isAnswer?: boolean
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.nature = nature
    this.reason = options.reason
    this.retryAfter = options.retryAfter ?? 0
    this.lasting = options.lasting ?? false
    this.isAnswer = options.isAnswer ?? false
  }
}

/** Wraps any other error, such as an access key file that cannot be read, as a `transient` failure. */
export function asFailure(error: unknown): AuthFailure {
  if (error instanceof AuthFailure) return error
  return new AuthFailure('transient', error instanceof Error ? error.message : String(error), { cause: error })
}
