import { Agent, type Dispatcher } from 'undici'
import { errorCodes } from '../../kernel/error-codes.ts'
import type { Secret } from '../../kernel/secret.ts'

/** How long the proxy may take to respond, in milliseconds. */
const DEADLINE = 10_000

const NOT_OURS = 'it is no prismacloud-proxy'

/** Asks a running proxy about itself. */
export class ProxyClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  // not the default dispatcher: Node.js may be configured to send its requests through the environment's outbound proxy
  readonly #dispatcher: Dispatcher = new Agent({ headersTimeout: DEADLINE, bodyTimeout: DEADLINE })

  /** `url` is where the proxy listens, without a path. */
  constructor(url: string, token: Secret | null) {
    this.#url = url
    this.#headers = token ? { 'x-prismacloud-proxy-token': token.reveal() } : {}
  }

  /** Resolves with a response of JSON. Rejects as {@link ProxyClient.open} does, and if it is something else. */
  async read(path: string): Promise<unknown> {
    const body = await this.#get(path)
    const text = await body.text().catch(error => {
      throw new Error(`the connection to the proxy at ${this.#url} broke: ${errorCodes(error)[0]}`)
    })
    try {
      return JSON.parse(text)
    } catch {
      throw new Error(`the response of ${this.#url} is not JSON: ${NOT_OURS}`)
    }
  }

  /**
   * Resolves with the body of a response, as it arrives, which may take forever. Rejects, with a message for people, if
   * there is none, or its status is not 200.
   */
  open(path: string): Promise<AsyncIterable<Buffer>> {
    return this.#get(path, 0)
  }

  /** Ends the connections of all requests. */
  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  /** `bodyTimeout` is how long the body may pause, in milliseconds; 0 is forever. */
  async #get(path: string, bodyTimeout = DEADLINE): Promise<Dispatcher.ResponseData['body']> {
    const request = { origin: this.#url, path, method: 'GET', headers: this.#headers, bodyTimeout } as const
    const { statusCode, body } = await this.#dispatcher.request(request).catch(error => {
      const reason = errorCodes(error)[0]
      throw new Error(`cannot reach a proxy at ${this.#url}: ${reason}; start one, or say where it listens with --url`)
    })
    if (statusCode === 200) return body
    throw new Error(`the proxy at ${this.#url} responded ${statusCode}: ${detailIn(await body.text())}`)
  }
}

/** What a problem document says; anything else is not a response of this program. */
function detailIn(text: string): string {
  try {
    return `${JSON.parse(text).detail}`
  } catch {
    return NOT_OURS
  }
}
