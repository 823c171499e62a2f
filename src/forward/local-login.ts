import type { Config } from '../config/config.ts'
import type { SignedTokens } from '../guard/signed-tokens.ts'
import type { Clock } from '../kernel/clock.ts'
import { PAGE_HEADERS } from '../problem/html.ts'
import { Problem } from '../problem/problem.ts'
import type { ForwardRequest } from './forward-request.ts'
import { writeHead } from './response-head.ts'

/** The largest accepted body with credentials, in bytes. */
const MAX_BODY = 16 * 1024

/** The timeout for receiving a body with credentials, in milliseconds. Clients that log in may be strangers. */
const LONGEST_BODY = 10_000

/** What {@link LocalLogin} needs. */
export interface LocalLoginOptions {
  readonly clock: Clock
  readonly tokens: SignedTokens
  readonly config: () => Pick<Config, 'clients' | 'tenants'>
}

/**
 * Responds to the calls that log in and extend a session, for tools that insist on making them. The token in the
 * response is the proxy's own: it is valid only here, for ten minutes like the vendor's, and never reaches the
 * upstream.
 */
export class LocalLogin {
  readonly #options: LocalLoginOptions

  constructor(options: LocalLoginOptions) {
    this.#options = options
  }

  /**
   * Responds with a token.
   * @throws {Problem} `client-unauthorized` if clients need a token and the password is not one
   */
  async answer(request: ForwardRequest): Promise<undefined> {
    const { clock, tokens, config } = this.#options
    const { exchange, response, plan } = request
    if (plan.authCall === 'login') exchange.client = this.#clientBy(await passwordIn(request, clock), exchange.client)
    const client = config().clients.find(({ name }) => name === exchange.client)
    // the new token is valid only as long as the client's own token is
    const token = tokens.issue(client ? client.token.fingerprint : '')
    const body = JSON.stringify(plan.compute ? { token } : { token, ...loginOf(plan.tenant, config()) })
    exchange.answeredHere = true
    exchange.bytes = Buffer.byteLength(body)
    const headers = [
      'content-type',
      'application/json',
      'content-length',
      `${exchange.bytes}`,
      'cache-control',
      'no-store',
      ...Object.entries(PAGE_HEADERS).flat(),
    ]
    writeHead(request, { status: 200, headers }, clock)
    response.end(body)
  }

  /**
   * Returns the name of the client whose token is the password. Any password is accepted if clients need no token, or
   * if the request already carries one.
   */
  #clientBy(password: string, known: string | null): string | null {
    const { clients } = this.#options.config()
    const [client] = clients.filter(({ token }) => token.matches(password))
    if (client) return client.name
    if (known !== null || clients.length === 0) return known
    throw new Problem('client-unauthorized', 'Log in with the client token as the password; the user name is ignored')
  }
}

/** The members of the API's login response other than the token. */
function loginOf(tenant: string, { tenants }: Pick<Config, 'tenants'>) {
  const user = tenants.get(tenant)
  const names = { customerName: user?.customerName ?? tenant, prismaId: user?.prismaId ?? '' }
  return { message: 'login_successful', customerNames: [{ ...names, tosAccepted: true }] }
}

async function passwordIn({ body }: ForwardRequest, clock: Clock): Promise<string> {
  const sending = body?.send()
  const timer = clock.setTimeout(() => sending?.destroy(tooSlow()), LONGEST_BODY)
  try {
    return passwordOf(await wholeOf(sending ?? []))
  } finally {
    clock.clearTimeout(timer)
  }
}

async function wholeOf(body: AsyncIterable<Buffer> | readonly Buffer[]): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_BODY)
      throw new Problem('invalid-request', `The credentials are longer than ${MAX_BODY / 1024} KiB`, {
        status: 413,
        title: 'Content Too Large',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function passwordOf(body: string): string {
  try {
    const { password } = JSON.parse(body)
    return typeof password === 'string' ? password : ''
  } catch {
    return ''
  }
}

function tooSlow(): Problem {
  const detail = `The credentials did not arrive within ${LONGEST_BODY / 1000} s`
  return new Problem('invalid-request', detail, { status: 408, title: 'Request Timeout', retryable: true })
}
