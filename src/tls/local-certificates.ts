import type { Clock } from '../kernel/clock.ts'
import { certify, SERVER_LIFETIME } from './authority.ts'
import { openAuthority, type StoredAuthority } from './authority-file.ts'
import type { Certificates } from './certificates.ts'
import type { Identity } from './identity.ts'

/** Tenants are told apart by such names. */
const BELOW_LOCALHOST = /^[a-z0-9-]{1,63}\.localhost$/i

/** Certificates of an authority of this machine's own, for loopback names: renewed before they end. */
export class LocalCertificates implements Certificates {
  readonly #folder: string
  readonly #clock: Clock
  #authority: StoredAuthority | undefined
  #identity: Identity | undefined
  #renewAt = 0

  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  get trust(): string | null {
    return this.#authority?.certFile ?? null
  }

  async read(): Promise<Identity> {
    const now = this.#clock.now()
    const authority = await openAuthority(this.#folder, now)
    if (this.#identity === undefined || authority.cert !== this.#authority?.cert || now >= this.#renewAt) {
      this.#authority = authority
      this.#renewAt = now + (SERVER_LIFETIME * 2) / 3
      this.#identity = certify(authority, ['localhost'], ['127.0.0.1', '::1'], now)
    }
    return this.#identity
  }

  forHost(host: string): Identity | undefined {
    if (this.#authority === undefined || !BELOW_LOCALHOST.test(host)) return undefined
    return certify(this.#authority, [host], [], this.#clock.now())
  }
}
