import { AuthApi } from '../../auth/auth-api.ts'
import { AuthFailure } from '../../auth/auth-failure.ts'
import type { Credentials } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Api } from '../../stacks/resolve.ts'
import type { Dispatcher } from '../../upstream/dispatcher.ts'

/** The number of logins that run at a time. */
const PARALLEL = 4

/** A stack whose login may accept an access key. */
export interface Candidate {
  readonly stack: string
  readonly api: Api
}

/** The result of one stack's login with an access key. */
export interface Reply {
  readonly stack: string
  /** `failed`: nothing is known about the key, for example because the login could not be reached. */
  readonly verdict: 'accepted' | 'rejected' | 'failed'
  /** The reason, worded for people. It contains no secret. */
  readonly reason: string
}

/** Tries the login of one stack. Never rejects. */
export type TryLogin = (candidate: Candidate, signal: AbortSignal) => Promise<Reply>

/** Returns what tries a login with an access key; `callTimeout` is how long it may take, in milliseconds. */
export function loginWith(key: Credentials, dispatcher: Dispatcher, callTimeout: number): TryLogin {
  return ({ stack, api }, signal) => {
    const choice = { prismaId: null, customerName: null }
    const auth = new AuthApi({ dispatcher, api, choice, clock: systemClock, callTimeout: () => callTimeout })
    return auth.login(key, signal).then(
      () => ({ stack, verdict: 'accepted', reason: '' }),
      (error: Error) => ({ stack, verdict: verdictOf(error), reason: error.message }),
    )
  }
}

/** Returns what an error of a login says about the key. A login that asks for a tenant has accepted the key. */
function verdictOf(error: Error): Reply['verdict'] {
  if (!(error instanceof AuthFailure && error.nature === 'rejected')) return 'failed'
  return error.reason === 'several-tenants' ? 'accepted' : 'rejected'
}

/** Tries the logins, {@link PARALLEL} at a time, until one accepts the key. That reply comes last in the result. */
export async function findStack(candidates: readonly Candidate[], tryLogin: TryLogin): Promise<readonly Reply[]> {
  const found = new AbortController()
  const replies: Reply[] = []
  const queue = candidates.values()
  const work = async () => {
    for (const candidate of queue) {
      const reply = await tryLogin(candidate, found.signal)
      if (found.signal.aborted) return
      replies.push(reply)
      if (reply.verdict === 'accepted') return found.abort()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return replies
}
