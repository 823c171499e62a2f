import type { Dispatcher } from 'undici'

/** undici's handle on a running request: pauses, resumes and aborts it, and holds the raw headers of its response. */
export type DispatchController = Dispatcher.DispatchController

/**
 * Receives one response: undici's current handler interface, without the parameters that this proxy does not read.
 * Headers and trailers come from the controller (see {@link rawText}), because those that undici parses have lost their
 * order and case.
 *
 * undici 7 reports in an older interface (`onConnect`, `onHeaders`, …), which undici 8 has removed: see `Undici7Handler`.
 */
export interface DispatchHandler {
  onRequestStart(controller: DispatchController): void
  /** The first bytes of a response have arrived, interim or final. Its headers may still be incomplete. */
  onResponseStarted?(): void
  /** The headers are complete. Called for each interim response (1xx), too. */
  onResponseStart(controller: DispatchController, status: number): void
  onResponseData(controller: DispatchController, chunk: Buffer): void
  onResponseEnd(controller: DispatchController): void
  /** Called once, also after an abort. There is no controller if the request fails before it starts. */
  onResponseError(controller: DispatchController | null | undefined, error: Error): void
}

/** Passes every event on to another handler. Subclasses override the events that they care about. */
export class PassingHandler implements DispatchHandler {
  readonly #handler: DispatchHandler

  constructor(handler: DispatchHandler) {
    this.#handler = handler
  }

  onRequestStart(controller: DispatchController): void {
    this.#handler.onRequestStart(controller)
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.()
  }

  onResponseStart(controller: DispatchController, status: number): void {
    this.#handler.onResponseStart(controller, status)
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData(controller, chunk)
  }

  onResponseEnd(controller: DispatchController): void {
    this.#handler.onResponseEnd(controller)
  }

  onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    this.#handler.onResponseError(controller, error)
  }
}

/**
 * Decodes the raw headers or trailers of a controller; empty if there are none. Header bytes have no particular
 * encoding (RFC 9110, 5.5), but latin1 carries every byte there and back. undici passes an object only for HTTP/2,
 * which is never used.
 */
export function rawText(raw: DispatchController['rawHeaders']): string[] {
  const parts: readonly (string | Buffer)[] = Array.isArray(raw) ? raw : []
  return parts.map(part => (typeof part === 'string' ? part : part.toString('latin1')))
}
