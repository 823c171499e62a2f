import type { Credentials, TenantConfig } from '../config/config.ts'
import { Mutex } from '../kernel/mutex.ts'
import type { Secret } from '../kernel/secret.ts'
import { Evidence } from './evidence.ts'
import type { RenewalOptions } from './renewal.ts'
import type { NextCall, SessionEvents } from './report.ts'
import type { Session } from './session.ts'
import type { SessionOptions } from './session-options.ts'
import type { KnownOutcomes } from './shared/record.ts'
import type { SessionState } from './states.ts'

/** Creates a session of a tenant. With `key` it logs in with that access key, else with the one it reads. */
export type CreateSession = (
  tenant: TenantConfig,
  options: Required<Pick<SessionOptions, 'events' | 'mutex' | 'evidence'>> & Pick<RenewalOptions, 'key'>,
  known: KnownOutcomes,
) => Session

/** Callbacks for what happens to the sessions of one tenant. `changed` and `keyUsed` report the session in use only. */
export interface RotationEvents extends Required<SessionEvents> {
  /** The session of the new access key got a token and has replaced the session in use. */
  rotated(): void
  /** A login with the new access key failed; the session in use stays. Without `next` the key was rejected. */
  rotationFailed(reason: string, next?: NextCall): void
}

/**
 * The session of a tenant and, while a new access key is tried, the candidate that is to replace it. The candidate
 * takes over once it has a token; until then, and if it never gets one, the session in use stays. The auth calls of the
 * two sessions do not overlap.
 */
export class Rotation {
  readonly #create: CreateSession
  readonly #events: RotationEvents
  readonly #mutex = new Mutex()
  readonly #evidence = new Evidence()
  /** What both sessions know of the outcomes in a fleet, so that after a reload a rejected key is tried anew. */
  readonly #known: KnownOutcomes = new Map()
  #session: Session
  #candidate: Session | undefined

  constructor(tenant: TenantConfig, create: CreateSession, events: RotationEvents) {
    this.#create = create
    this.#events = events
    this.#session = this.#make(tenant)
  }

  /** The session in use. */
  get session(): Session {
    return this.#session
  }

  get candidate(): Session | undefined {
    return this.#candidate
  }

  /** The tokens and secret keys of both sessions. */
  get secrets(): Secret[] {
    return [...this.#session.secrets, ...(this.#candidate?.secrets ?? [])]
  }

  /** Tries an access key, unless it is in use or being tried already. */
  offer(tenant: TenantConfig, key: Credentials): void {
    if ((this.#candidate ?? this.#session).uses(key)) return
    if (this.#session.uses(key)) this.#dropCandidate()
    else this.replace(tenant, key)
  }

  /** Tries an access key, even if it is in use already. */
  replace(tenant: TenantConfig, key: Credentials): void {
    this.#dropCandidate()
    const candidate = this.#make(tenant, key)
    this.#candidate = candidate
    // without a live token there is nothing to keep
    if (this.#session.peek() === undefined) this.#takeOver(candidate)
    candidate.renew()
  }

  close(): void {
    this.#dropCandidate()
    this.#session.close()
  }

  #make(tenant: TenantConfig, key?: Credentials): Session {
    const events: SessionEvents = {
      called: this.#events.called,
      changed: (from, to, reason, next) => {
        if (session === this.#session) this.#events.changed(from, to, reason, next)
        if (session === this.#candidate) this.#candidateChanged(session, to, reason, next)
      },
      keyUsed: (...use) => {
        if (session === this.#session) this.#events.keyUsed(...use)
      },
    }
    const options = { events, mutex: this.#mutex, evidence: this.#evidence, ...(key && { key }) }
    const session = this.#create(tenant, options, this.#known)
    return session
  }

  #candidateChanged(candidate: Session, to: SessionState, reason: string, next: NextCall | undefined): void {
    if (to === 'rejected' || to === 'backing-off') this.#events.rotationFailed(reason, next)
    if (to !== 'ready') return
    this.#takeOver(candidate)
    this.#events.rotated()
  }

  #takeOver(candidate: Session): void {
    const former = this.#session
    this.#session = candidate
    this.#candidate = undefined
    former.close()
  }

  #dropCandidate(): void {
    const dropped = this.#candidate
    this.#candidate = undefined
    dropped?.close()
  }
}
