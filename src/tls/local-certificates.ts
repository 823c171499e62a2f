import { isIP } from 'node:net'
import { withoutDot } from '../http/host.ts'
import type { Clock } from '../kernel/clock.ts'
import { isLoopback } from '../stacks/loopback.ts'
import { certify, hasOwnCertificate, SERVER_LIFETIME } from './authority.ts'
import { openAuthority, type StoredAuthority } from './authority-file.ts'
import type { Certificates } from './certificates.ts'
import type { Identity } from './identity.ts'

/** Certificates of an authority of this machine's own, for loopback names and API hosts: renewed before they end. */
export class LocalCertificates implements Certificates {
  readonly #folder: string
  readonly #addresses: readonly string[]
  readonly #clock: Clock
  #authority: StoredAuthority | undefined
  #identity: Identity | undefined
  #issued = 0

  /** `host` is where it is listened at. */
  constructor(folder: string, host: string, clock: Clock) {
    this.#folder = folder
    this.#addresses = ['127.0.0.1', '::1', ...(isIP(host) && isLoopback(host) ? [host] : [])]
    this.#clock = clock
  }

  get trust(): string | null {
    return this.#authority?.rootFile ?? null
  }

  async read(): Promise<Identity> {
    const now = this.#clock.now()
    const authority = await openAuthority(this.#folder, now)
    const age = now - this.#issued
    // a clock that is put right may go back
    const isFresh = age >= 0 && age < (SERVER_LIFETIME * 2) / 3
    if (this.#identity === undefined || authority.cert !== this.#authority?.cert || !isFresh) {
      this.#authority = authority
      this.#issued = now
      this.#identity = certify(authority, ['localhost'], this.#addresses, now)
    }
    return this.#identity
  }

  forHost(host: string): Identity | undefined {
    // clients that leave the dot of the DNS's root in place go by the name without it
    const name = withoutDot(host.toLowerCase())
    if (this.#authority === undefined || !hasOwnCertificate(name)) return undefined
    return certify(this.#authority, [name], [], this.#clock.now())
  }
}
