import type { Test } from 'tap'
import type { IssuedToken } from '../../src/auth/auth-api.ts'
import { AuthFailure, type FailureNature } from '../../src/auth/auth-failure.ts'
import { Mutex } from '../../src/kernel/mutex.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Unauthorized } from '../../src/session/evidence.ts'
import type { Lease } from '../../src/session/lease.ts'
import type { AuthCall, SessionEvents } from '../../src/session/report.ts'
import { Session } from '../../src/session/session.ts'
import type { SessionOptions } from '../../src/session/session-options.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { type CountedClock, countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'

/** The lifetime of the issued tokens, in milliseconds. */
export const LIFETIME = 600_000

/** When they are extended with the rig's random numbers: 3 minutes before they expire, minus half of the jitter. */
export const EXTENSION = 390_000

/** How long they may be sent, in milliseconds. */
export const USABLE = 595_000

/** The whole seconds that are left of it after the clock was read: nearly all. */
export const SECONDS_LEFT = USABLE / 1000 - 1

export const WAIT_TIMEOUT = 30_000

/** How long without a request a session becomes idle, in milliseconds. */
export const IDLE_AFTER = 30 * 24 * 3_600_000

/** 401 responses: one names the token as the reason, one gives none. */
export const NAMED: Unauthorized = { operation: 'default GET /policy', named: true, again: false }
export const PLAIN: Unauthorized = { ...NAMED, named: false }

/** The API of the session. */
export const API = resolveApi('app2')

/** An auth call of the session. */
interface MadeCall {
  readonly call: AuthCall
  /** The token to extend, or the secret key. */
  readonly secret: string
  readonly signal: AbortSignal | undefined
  answer(issued: IssuedToken): void
  fail(error: unknown): void
}

/**
 * A session with a test clock, fixed random numbers and auth calls that the test answers. All its secrets contain
 * `MARK`.
 */
export interface Rig {
  readonly session: Session
  readonly clock: CountedClock
  /** Every auth call so far. */
  readonly calls: readonly MadeCall[]
  /** The kinds of those calls. */
  readonly made: () => AuthCall[]
  /** The events of the session, in order. */
  readonly told: string[]
  /** Answers the current call with a token: `MARK-1`, `MARK-2` and so on. */
  grant(lifetime?: number): Promise<void>
  /** Fails the current call. */
  refuse(nature: FailureNature, options?: { message?: string; retryAfter?: number; lasting?: boolean }): Promise<void>
  /** Gets the session its first token. */
  start(lifetime?: number): Promise<Lease>
}

export function rig(t: Test, options: Partial<SessionOptions> = {}): Rig {
  const clock = countedClock()
  const calls: MadeCall[] = []
  const told: string[] = []
  const events: SessionEvents = {
    changed: (from, to, reason) => told.push(`${from} → ${to}: ${reason}`),
    called: (call, outcome) => told.push(`${call}: ${outcome}`),
  }
  const make = (call: AuthCall, secret: Secret, signal?: AbortSignal) =>
    new Promise<IssuedToken>((answer, fail) => {
      signal?.addEventListener('abort', () => fail(signal.reason))
      calls.push({ call, secret: secret.reveal(), signal, answer, fail })
    })
  const session = new Session({
    auth: {
      login: ({ secretKey }, signal) => make('login', secretKey, signal),
      extend: (token, signal) => make('extend', token, signal),
    },
    api: API,
    credentials: { origin: 'test', kind: 'fixed', read: async () => credentials },
    clock,
    mutex: new Mutex(),
    settings: () => ({ waitTimeout: WAIT_TIMEOUT, idleAfter: IDLE_AFTER }),
    random: () => 0.5,
    events,
    ...options,
  })
  t.teardown(() => session.close())

  let answered = 0
  const underWay = async () => {
    await settle()
    const call = calls[answered++]
    if (!call) throw new Error('no call is under way')
    return call
  }
  const grant = async (lifetime = LIFETIME) => {
    const call = await underWay()
    call.answer({ token: new Secret(`MARK-${answered}`), lifetime })
    await settle()
  }
  return {
    session,
    clock,
    calls,
    made: () => calls.map(({ call }) => call),
    told,
    grant,
    async refuse(nature, { message = `${nature} by the test`, retryAfter = 0, lasting = false } = {}) {
      const call = await underWay()
      call.fail(new AuthFailure(nature, message, { retryAfter, lasting }))
      await settle()
    },
    async start(lifetime) {
      const lease = session.acquire()
      await grant(lifetime)
      return lease
    },
  }
}

const credentials = { accessKeyId: new Secret('MARK-key-id'), secretKey: new Secret('MARK-key') }

/** What acquire() results in now: a token, `waiting`, or the type of the problem. A waiting call goes on waiting. */
export async function offered(session: Session): Promise<string> {
  const lease = session.acquire()
  const given = failureOf(lease).then(async failure =>
    failure === undefined ? (await lease).token.reveal() : typeOf(failure),
  )
  return Promise.race([given, settle().then(() => 'waiting')])
}

function typeOf(failure: unknown): string {
  return typeof failure === 'object' && failure !== null && 'type' in failure ? String(failure.type) : String(failure)
}
