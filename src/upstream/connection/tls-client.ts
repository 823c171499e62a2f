import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import { bareHost } from '../../http/host.ts'
import { portOf } from './dial.ts'
import { tlsOptions } from './trust.ts'

/** The most hosts whose TLS sessions are remembered. A session is a few KB. */
const MAX_SESSIONS = 100

/** The names of protocols that TLS negotiates (RFC 7301, 6). */
export type Protocol = 'http/1.1' | 'h2'

/**
 * Starts TLS on connections. Resumes the latest session with a host, which saves the handshake's certificates and, with
 * TLS 1.2, a round trip. The CAs are read for the first connection: upstreams without TLS need none.
 */
export class TlsClient {
  readonly #authorities: string | null
  readonly #sessions = new LRUCache<string, Buffer>({ max: MAX_SESSIONS })
  #trust: ReturnType<typeof tlsOptions> | undefined

  /** Trusts the CAs of a PEM text, if there is one, in addition to those that Node.js trusts. */
  constructor(authorities: string | null) {
    this.#authorities = authorities
  }

  /**
   * Resolves when the handshake with the host of `url` is over and its certificate is verified. The host may choose one
   * of `protocols`, which it finds in order of preference.
   */
  encrypt(socket: Socket, url: URL, protocols: readonly Protocol[]): Promise<TLSSocket> {
    const host = bareHost(url.hostname)
    // a server may serve several hosts, and resume only sessions of the same
    const key = `${host}:${portOf(url)} ${protocols}`
    const session = this.#sessions.get(key)
    const options: ConnectionOptions = {
      ...this.readAuthorities(),
      socket,
      host,
      ALPNProtocols: [...protocols],
      ...(isIP(host) === 0 && { servername: host }),
      ...(session && { session }),
    }
    const secure = connect(options).setNoDelay(true)
    secure.on('session', session => this.#sessions.set(key, session))
    return new Promise((resolve, reject) => {
      secure.once('error', reject).once('secureConnect', () => resolve(secure.off('error', reject)))
    })
  }

  /** Reads the CAs, which takes some 30 ms: best while the first connection is being opened. */
  readAuthorities(): ReturnType<typeof tlsOptions> {
    this.#trust ??= tlsOptions(this.#authorities)
    return this.#trust
  }
}
