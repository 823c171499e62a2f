import { Problem } from '../problem/problem.ts'

/**
 * What a failed auth call means for what comes next:
 *
 * - `rejected`: the credentials are no good; only a person can help, and asking again may lock the key.
 * - `refused`: this token cannot be extended; a login helps.
 * - `transient`: the same call may succeed later.
 */
export type FailureNature = 'rejected' | 'refused' | 'transient'

/** Why an auth call gave no token. The message is for people and holds no secret. */
export class AuthFailure extends Error {
  override readonly name = 'AuthFailure'
  readonly nature: FailureNature
  /** Milliseconds that the upstream asked to be left alone. */
  readonly retryAfter: number
  /** Whether the next try will end the same way, until somebody changes something: nobody need wait for it. */
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

/** Whatever else goes wrong on the way to a token (a secret file that vanished, a command that failed) may mend itself. */
export function asFailure(error: unknown): AuthFailure {
  if (error instanceof AuthFailure) return error
  return new AuthFailure('transient', error instanceof Error ? error.message : String(error), { cause: error })
}

/** Why a session that was closed gives no lease. */
export function closed(): Problem {
  return new Problem('draining', 'The session was closed: the proxy is shutting down, or its tenant was changed')
}
