import { Agent, type Dispatcher } from 'undici'

/** How long a response, and then its body, may take to arrive, in milliseconds. */
const DEADLINE = 15_000

/** A request of a tour. */
export interface TourRequest {
  /** The method; GET by default. */
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A response to a {@link TourRequest}. */
export interface TourResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends the requests of a tour. */
export class TourClient {
  // not the default dispatcher: Node.js may be configured to send its requests through the environment's outbound proxy
  readonly #dispatcher: Dispatcher = new Agent()

  /** Sends a request and resolves to the whole response. Rejects if there is none in time. */
  async ask(url: string, { method = 'GET', headers = {}, body }: TourRequest = {}): Promise<TourResponse> {
    const { origin, pathname, search } = new URL(url)
    const response = await this.#dispatcher.request({
      origin,
      path: `${pathname}${search}`,
      method,
      headers,
      body: body ?? null,
      headersTimeout: DEADLINE,
      bodyTimeout: DEADLINE,
    })
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
  }

  /** Ends the connections of all requests. */
  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }
}
