import type { Credentials } from '../config/config.ts'
import { headersByName } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import { Secret } from '../kernel/secret.ts'
import { isRetryable } from '../retry/retry-policy.ts'
import type { Api } from '../stacks/resolve.ts'
import { ask, type Reply } from '../upstream/ask.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import { withoutSecrets } from '../upstream-errors/masked.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import { AuthFailure, type FailureNature } from './auth-failure.ts'
import { tokenLifetime, tokenUser } from './jwt.ts'

/** The API's error code when a user who must use single sign-on tries to log in with a password. */
const SSO_ENABLED = 'sso_enabled_password_login_attempt'

/** A token from a successful auth call. */
export interface IssuedToken {
  readonly token: Secret
  /** How long the token is valid after it was issued, in milliseconds. */
  readonly lifetime: number
  /** The user that the token names, if it names one: rate limits are per user. */
  readonly user?: Secret | undefined
}

/** Reads a token as the auth service issues it. */
export function issuedToken(token: string): IssuedToken {
  const user = tokenUser(token)
  return { token: new Secret(token), lifetime: tokenLifetime(token), ...(user && { user: new Secret(user) }) }
}

/** Which of a user's Prisma Cloud tenants to log in to. If both members are set, only `prismaId` is sent. */
export interface TenantChoice {
  readonly prismaId: string | null
  readonly customerName: string | null
}

/** What {@link AuthApi} needs. */
export interface AuthApiOptions {
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>
  readonly api: Api
  readonly choice: TenantChoice
  readonly clock: Clock
  /** Returns the timeout of one call, in milliseconds. Called for every call, so that a reload takes effect. */
  readonly callTimeout: () => number
}

/** A request to the auth service. */
interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: readonly string[]
  readonly body: string | null
  /** The nature of the failure if the response rejects what was sent: the access key or the token. */
  readonly blamed: 'rejected' | 'refused'
  /** The secrets in the request. A response may repeat them. */
  readonly secrets: readonly Secret[]
}

/**
 * The two calls of the Prisma Cloud auth service (pan.dev, "Login" and "Extend Session"). Each resolves with a token or
 * rejects with an {@link AuthFailure}.
 */
export class AuthApi {
  readonly #options: AuthApiOptions
  readonly #host: string

  constructor(options: AuthApiOptions) {
    this.#options = options
    this.#host = new URL(options.api.origin).host
  }

  /** Gets a token for an access key (`POST /login`). */
  login({ accessKeyId, secretKey }: Credentials, signal?: AbortSignal): Promise<IssuedToken> {
    const { prismaId, customerName } = this.#options.choice
    const choice = prismaId ? { prismaId } : customerName ? { customerName } : {}
    const call: Call = {
      method: 'POST',
      path: '/login',
      headers: ['content-type', 'application/json'],
      body: JSON.stringify({ username: accessKeyId.reveal(), password: secretKey.reveal(), ...choice }),
      blamed: 'rejected',
      secrets: [accessKeyId, secretKey],
    }
    return this.#obtain(call, signal)
  }

  /** Exchanges a token that is still valid for a new one (`GET /auth_token/extend`). */
  extend(token: Secret, signal?: AbortSignal): Promise<IssuedToken> {
    const call: Call = {
      method: 'GET',
      path: '/auth_token/extend',
      headers: ['x-redlock-auth', token.reveal()],
      body: null,
      blamed: 'refused',
      secrets: [token],
    }
    return this.#obtain(call, signal)
  }

  async #obtain(call: Call, signal?: AbortSignal): Promise<IssuedToken> {
    const answer = await this.#send(call, signal)
    if (answer.status !== 200) throw this.#failure(call, answer)
    const { token, customerNames } = parseAnswer(answer.body)
    if (token) return issuedToken(token)
    if (call.blamed === 'rejected' && customerNames.length > 1) {
      const message = Secret.maskAllIn(ambiguousTenant(customerNames), call.secrets)
      throw new AuthFailure('rejected', message, { reason: 'several-tenants', isAnswer: true })
    }
    throw this.#noToken(call, answer)
  }

  async #send({ method, path, headers: own, body }: Call, signal?: AbortSignal): Promise<Reply> {
    const { dispatcher, api, clock, callTimeout } = this.#options
    const headers = ['accept', 'application/json', ...own]
    const request = { origin: api.origin, path: api.basePath + path, method, headers, body }
    try {
      return await ask(dispatcher, request, { clock, timeout: callTimeout(), signal })
    } catch (cause) {
      const { detail, lasting } = explainNetworkError(cause, this.#host)
      throw new AuthFailure('transient', `${method} ${path}: ${detail}`, { lasting, cause })
    }
  }

  #failure(call: Call, answer: Reply): AuthFailure {
    if (answer.status < 400) return this.#noToken(call, answer)
    const { status, headers, body, complete } = withoutSecrets(answer, call.secrets)
    const retryable = isRetryable(status, 'changes')
    const facts = { host: this.#host, status, headers: headersByName(headers), body, complete, retryable }
    const { detail, retryAfter = 0, upstream } = readUpstream(facts, this.#options.clock.now())
    // the block page of a firewall or captive portal says nothing about the key
    const judged = status === 401 || Boolean(upstream?.errors.length)
    const nature = status < 500 && !retryable && judged ? call.blamed : 'transient'
    const reason = upstream?.errors.some(({ code }) => code === SSO_ENABLED) ? 'sso-enabled' : undefined
    const message = this.#describe(nature, status, detail)
    return new AuthFailure(nature, message, { reason, retryAfter: retryAfter * 1000, isAnswer: true })
  }

  #describe(nature: FailureNature, status: number, detail: string): string {
    if (nature === 'transient') return `${this.#host} returned ${status}: ${detail}`
    return `${this.#host} rejected the ${nature === 'rejected' ? 'access key' : 'token'} (${status} ${detail})`
  }

  #noToken({ method, path }: Call, { status }: Reply): AuthFailure {
    const fault = `${this.#host} returned ${status} without a token for ${method} ${path}`
    return new AuthFailure('transient', `${fault}; check that it is a Prisma Cloud API host`, { isAnswer: true })
  }
}

function ambiguousTenant(names: readonly string[]): string {
  return `The access key belongs to a user of several tenants: set customerName to one of ${names.map(name => `"${name}"`).join(', ')}, or prismaId`
}

function parseAnswer(body: Buffer): { token: string | undefined; customerNames: string[] } {
  const answer = parseObject(body)
  const names = Array.isArray(answer.customerNames) ? answer.customerNames : []
  return {
    token: typeof answer.token === 'string' && answer.token !== '' ? answer.token : undefined,
    customerNames: names.map(entry => entry?.customerName).filter(name => typeof name === 'string'),
  }
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
