import { isNamed, type RawHeaders } from '../../http/raw-headers.ts'
import { InvalidResponseError } from '../errors.ts'
import { type DispatchController, PassingHandler, rawText } from './handler.ts'

/** The lowest status (RFC 9110, 15), the lowest of a final response, and the highest. */
const LOWEST = 100
const FINAL = 200
const HIGHEST = 599

/** Sent only to clients that asked to switch protocols (RFC 9110, 15.2.2); this proxy never does. */
const SWITCHING_PROTOCOLS = 101

/** The most interim responses before a final one. More are an error. */
const MAX_INTERIM = 100

const RESET_CONTENT = 205

/** A 304 keeps its content-length, which is that of another response (RFC 9110, 8.6). */
const NOT_MODIFIED = 304

/** Responses without content, whatever their headers announce (RFC 9110, 15.3.5, 15.3.6 and 15.4.5). */
const WITHOUT_CONTENT = new Set([204, RESET_CONTENT, NOT_MODIFIED])

/** Transfer codings that can be decoded: chunked, by undici, and `identity`, the obsolete name for no coding. */
const KNOWN_CODING = /^(chunked|identity)$/i

/**
 * Passes on only valid final responses. A response with an impossible status or an unknown transfer coding fails with
 * an {@link InvalidResponseError}; interim responses (1xx) are dropped. A response without content ends with its head
 * even if it announces a body. Its connection is then closed, because the bytes that may follow must not be parsed as
 * the next response.
 */
export class CheckedHandler extends PassingHandler {
  #interim = 0
  #isComplete = false

  override onResponseStart(controller: DispatchController, status: number): void {
    const isFinal = status >= FINAL && status <= HIGHEST
    const headers = isFinal ? rawText(controller.rawHeaders) : []
    const fault = isFinal ? faultOf(headers) : this.#faultOfInterim(status)
    if (fault !== undefined) controller.abort(new InvalidResponseError(fault))
    else if (isFinal) this.#start(controller, status, headers)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    if (!this.#isComplete) super.onResponseError(controller, error)
  }

  #start(controller: DispatchController, status: number, headers: string[]): void {
    const endsHere = WITHOUT_CONTENT.has(status) && mayHaveBody(status, headers)
    // decoded once for all handlers
    controller.rawHeaders = endsHere && status !== NOT_MODIFIED ? withoutLength(headers) : headers
    super.onResponseStart(controller, status)
    if (!endsHere) return
    this.#isComplete = true
    super.onResponseEnd(controller)
    controller.abort(new Error('a response without content announced a body'))
  }

  /** Counts an interim response. It is meant for this connection alone (RFC 9110, 15.2), so it is not passed on. */
  #faultOfInterim(status: number): string | undefined {
    if (status < LOWEST || status > HIGHEST) return `its status is ${status}`
    if (status === SWITCHING_PROTOCOLS) return 'it switches protocols (101), which the request did not ask for'
    if (++this.#interim > MAX_INTERIM) return `more than ${MAX_INTERIM} interim responses (1xx) precede it`
    return undefined
  }
}

function faultOf(headers: RawHeaders): string | undefined {
  const coding = textOf(headers, 'transfer-encoding')
  return coding === '' || KNOWN_CODING.test(coding) ? undefined : 'its transfer-encoding is not chunked'
}

/** Whether a parser might expect a body after the head of a response without content. */
function mayHaveBody(status: number, headers: RawHeaders): boolean {
  const length = textOf(headers, 'content-length')
  const isUnframed = status === RESET_CONTENT && length === ''
  return isUnframed || Number(length) > 0 || textOf(headers, 'transfer-encoding') !== ''
}

/** All values of a header, joined with commas, by its lower-case name; empty if there is none. */
function textOf(headers: RawHeaders, name: string): string {
  let value = ''
  for (let at = 0; at < headers.length; at += 2) {
    if (isNamed(headers[at], name)) value += `${value && ', '}${headers[at + 1]}`
  }
  return value
}

function withoutLength(headers: RawHeaders): string[] {
  return headers.filter((_, at) => !isNamed(headers[at - (at % 2)], 'content-length'))
}
