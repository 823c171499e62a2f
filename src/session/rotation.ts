import type { Credentials, TenantConfig } from '../config/config.ts'
import { Mutex } from '../kernel/mutex.ts'
import type { Secret } from '../kernel/secret.ts'
import { Evidence } from './evidence.ts'
import type { RenewalOptions } from './renewal.ts'
import type { NextCall, SessionEvents } from './report.ts'
import type { Session, SessionOptions } from './session.ts'
import type { SessionState } from './states.ts'

/** Makes the session of a tenant. */
export type CreateSession = (
  tenant: TenantConfig,
  options: Required<Pick<SessionOptions, 'events' | 'mutex' | 'evidence'>> & Pick<RenewalOptions, 'key'>,
) => Session

/** What is told of a tenant's sessions. */
export interface RotationEvents extends Required<SessionEvents> {
  /** Other credentials have proved good: their session has taken over. */
  succeeded(): void
  /** Other credentials gave no session, so the one in use stays; without a next call only a person can help. */
  kept(reason: string, next?: NextCall): void
}

/**
 * The session of a tenant and, while other credentials are tried, the one that is to succeed it: it takes over once it
 * has a token. Until then, and if it never gets one, the session in use goes on. At one time one of them calls.
 */
export class Rotation {
  readonly #create: CreateSession
  readonly #events: RotationEvents
  readonly #mutex = new Mutex()
  readonly #evidence = new Evidence()
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

  /** The tokens and secret keys of both. */
  get secrets(): Secret[] {
    return [...this.#session.secrets, ...(this.#candidate?.secrets ?? [])]
  }

  /** Has a tenant's key tried, unless it is the one in use, or is tried already. */
  offer(tenant: TenantConfig, key: Credentials): void {
    if ((this.#candidate ?? this.#session).uses(key)) return
    if (this.#session.uses(key)) this.#dismiss()
    else this.replace(tenant, key)
  }

  /** Has a tenant's key tried, whatever was before. */
  replace(tenant: TenantConfig, key: Credentials): void {
    this.#dismiss()
    const candidate = this.#make(tenant, key)
    this.#candidate = candidate
    // without a live token there is nothing to keep
    if (this.#session.peek() === undefined) this.#takeOver(candidate)
    candidate.start()
  }

  close(): void {
    this.#dismiss()
    this.#session.close()
  }

  #make(tenant: TenantConfig, key?: Credentials): Session {
    const events: SessionEvents = {
      called: this.#events.called,
      changed: (from, to, reason, next) => {
        if (session === this.#session) this.#events.changed(from, to, reason, next)
        if (session === this.#candidate) this.#tried(session, to, reason, next)
      },
    }
    const session = this.#create(tenant, {
      events,
      mutex: this.#mutex,
      evidence: this.#evidence,
      ...(key && { key }),
    })
    return session
  }

  #tried(candidate: Session, to: SessionState, reason: string, next: NextCall | undefined): void {
    if (to === 'rejected' || to === 'backing-off') this.#events.kept(reason, next)
    if (to !== 'ready') return
    this.#takeOver(candidate)
    this.#events.succeeded()
  }

  #takeOver(candidate: Session): void {
    const former = this.#session
    this.#session = candidate
    this.#candidate = undefined
    former.close()
  }

  #dismiss(): void {
    const dismissed = this.#candidate
    this.#candidate = undefined
    dismissed?.close()
  }
}
