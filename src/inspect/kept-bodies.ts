import type { Config } from '../config/config.ts'
import type { BodyTap } from '../request/exchange.ts'
import { BodyStart } from './body-start.ts'

/** Which bodies are kept, and at most how many bytes of each. */
export type BodySettings = Pick<Config['inspect'], 'bodies' | 'maxBody'>

/**
 * Keeps the beginnings of the two bodies of a request. If only those of errors are wanted, the request body is kept until
 * it is known that there was none, and that of a good response never.
 */
export class KeptBodies implements BodyTap {
  readonly #settings: BodySettings
  #isWanted = true
  #request: BodyStart | null = null
  #response: BodyStart | null = null

  constructor(settings: BodySettings) {
    this.#settings = settings
  }

  /** What is kept of the request body, in clear; null if nothing is. */
  get request(): BodyStart | null {
    return this.#request
  }

  /** What is kept of the response body, in clear; null if nothing is. */
  get response(): BodyStart | null {
    return this.#response
  }

  received(piece: Buffer): void {
    if (!this.#isWanted) return
    this.#request ??= new BodyStart(this.#settings.maxBody)
    this.#request.take(piece)
  }

  sent(piece: Buffer, status: number): void {
    if (!this.#isWanted || (status < 400 && this.#settings.bodies === 'errors')) return
    this.#response ??= new BodyStart(this.#settings.maxBody)
    this.#response.take(piece)
  }

  /** Says how the request ended. */
  ended(isError: boolean): void {
    if (!isError && this.#settings.bodies === 'errors') this.drop()
  }

  /** Frees the bodies. What still comes is not kept either. */
  drop(): void {
    this.#isWanted = false
    this.#request = null
    this.#response = null
  }
}
