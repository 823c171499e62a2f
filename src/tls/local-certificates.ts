import { isIP } from 'node:net'
import { withoutDot } from '../http/host.ts'
import type { Clock } from '../kernel/clock.ts'
import { isLoopback } from '../stacks/loopback.ts'
import { certify, hasOwnCertificate, SERVER_LIFETIME } from './authority.ts'
import { openAuthority, type StoredAuthority } from './authority-file.ts'
import type { Certificates } from './certificates.ts'
import type { Identity } from './identity.ts'

/** Certificates of the local CA for loopback names and API hosts, renewed when a third of their lifetime is left. */
export class LocalCertificates implements Certificates {
  readonly #folder: string
  readonly #addresses: readonly string[]
  readonly #clock: Clock
  #ca: StoredAuthority | undefined
  #identity: Identity | undefined
  #issuedAt = 0

  /** `folder` is where the local CA is stored, `host` the address to listen on. */
  constructor(folder: string, host: string, clock: Clock) {
    this.#folder = folder
    this.#addresses = ['127.0.0.1', '::1', ...(isIP(host) && isLoopback(host) ? [host] : [])]
    this.#clock = clock
  }

  get trust(): string | null {
    return this.#ca?.rootFile ?? null
  }

  async read(): Promise<Identity> {
    const now = this.#clock.now()
    const ca = await openAuthority(this.#folder, now)
    const age = now - this.#issuedAt
    // negative if the clock was set back
    const isFresh = age >= 0 && age < (SERVER_LIFETIME * 2) / 3
    if (this.#identity === undefined || ca.cert !== this.#ca?.cert || !isFresh) {
      this.#ca = ca
      this.#issuedAt = now
      this.#identity = certify(ca, ['localhost'], this.#addresses, now)
    }
    return this.#identity
  }

  forHost(host: string): Identity | undefined {
    // clients may send the trailing dot of a DNS name; they compare the name without it
    const name = withoutDot(host.toLowerCase())
    if (this.#ca === undefined || !hasOwnCertificate(name)) return undefined
    return certify(this.#ca, [name], [], this.#clock.now())
  }
}
