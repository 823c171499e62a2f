/**
 * What to do after a failed auth call:
 *
 * - `rejected`: the access key is invalid. Only a person can help, and retrying may lock the key.
 * - `refused`: the token cannot be extended. Log in.
 * - `transient`: retry later.
 */
export type FailureNature = 'rejected' | 'refused' | 'transient'

/** An auth call failed. The message is for people and contains no secret. */
export class AuthFailure extends Error {
  override readonly name = 'AuthFailure'
  readonly nature: FailureNature
  /** How long the auth service asked to wait, in milliseconds; 0 if it did not. */
  readonly retryAfter: number
  /** Whether retries will fail until somebody changes something, such as a host name, so that requests need not wait. */
  readonly lasting: boolean

  constructor(
    nature: FailureNature,
    message: string,
    options: { retryAfter?: number; lasting?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.nature = nature
    this.retryAfter = options.retryAfter ?? 0
    this.lasting = options.lasting ?? false
  }
}

/** Wraps any other error, such as an access key file that cannot be read, as a `transient` failure. */
export function asFailure(error: unknown): AuthFailure {
  if (error instanceof AuthFailure) return error
  return new AuthFailure('transient', error instanceof Error ? error.message : String(error), { cause: error })
}
