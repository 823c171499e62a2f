import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../kernel/clock.ts'
import { Secret } from '../kernel/secret.ts'
import { PAGE_TOKEN_HEADER } from './page-token-header.ts'
import { SignedTokens } from './signed-tokens.ts'

/** How long somebody stays logged in at the page, in seconds. */
const LOGIN_LIFETIME = 12 * 60 * 60

/**
 * Tells requests of the proxy's own page from those of others, and remembers who has logged in there. Other sites cannot
 * read the page token, nor send it: it is in a header of its own. A cookie alone proves nothing, since browsers send it
 * to all ports of a host.
 */
export class PageAccess {
  readonly #token = new Secret(randomBytes(24).toString('base64url'))
  readonly #logins: SignedTokens

  constructor(clock: Clock) {
    this.#logins = new SignedTokens(clock, LOGIN_LIFETIME)
  }

  /** The page token, which lasts as long as the process. */
  get token(): string {
    return this.#token.reveal()
  }

  /** Whether the proxy's own page sent a request. */
  isFromPage({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    const shown = headers[PAGE_TOKEN_HEADER]
    return typeof shown === 'string' && this.#token.matches(shown)
  }

  /** The login in the cookie of a request, if there is one. It may have expired. */
  loginIn({ headers, socket }: IncomingMessage): string | undefined {
    const name = cookieName(socket)
    const cookies = (headers.cookie ?? '').split('; ').map(pair => pair.split('='))
    return cookies.find(([each]) => each === name)?.[1]
  }

  /** The fingerprint of the client token that a login was made with; undefined if the login is not valid. */
  subjectOf(login: string): string | undefined {
    return this.#logins.subjectOf(login)
  }

  /** The `Set-Cookie` header that logs in with the client token that has this fingerprint, and logs out without one. */
  cookie({ socket }: Pick<IncomingMessage, 'socket'>, fingerprint?: string): string {
    const value = fingerprint === undefined ? '' : this.#logins.issue(fingerprint)
    const lifetime = fingerprint === undefined ? 0 : LOGIN_LIFETIME
    const secure = socket instanceof TLSSocket ? '; Secure' : ''
    return `${cookieName(socket)}=${value}; Path=/; Max-Age=${lifetime}; HttpOnly; SameSite=Strict${secure}`
  }
}

/** Browsers give a cookie to all ports of a host, so each proxy there has a name of its own. */
function cookieName({ localPort }: IncomingMessage['socket']): string {
  return `prismacloud-proxy-${localPort ?? 0}`
}
