import { isNamed, type RawHeaders } from '../../http/raw-headers.ts'
import { AnswerError } from '../errors.ts'
import { type DispatchController, PassingHandler, rawText } from './handler.ts'

/** No status is below this (RFC 9110, 15), and no answer but an interim one is below {@link FINAL}. */
const LOWEST = 100
const FINAL = 200
const HIGHEST = 599

/** For those alone who asked for it (RFC 9110, 15.2.2), which this proxy never does. */
const SWITCHING_PROTOCOLS = 101

/** An answer that goes on being interim is given up after so many of them. */
const MOST_INTERIM = 100

const RESET_CONTENT = 205

/** Answers that have no content, whatever their headers announce (RFC 9110, 15.3.5, 15.3.6 and 15.4.5). */
const WITHOUT_CONTENT = new Set([204, RESET_CONTENT, 304])

/** The one of them whose length is that of another answer (RFC 9110, 8.6). */
const NOT_MODIFIED = 304

/** The codings of a transfer that are undone: chunks by undici, and the obsolete name for none. */
const KNOWN_CODING = /^(chunked|identity)$/i

/**
 * Passes on answers that are sound, but for the interim ones before them: one with an impossible status or an unknown
 * transfer coding fails with an {@link AnswerError}, and one without content is complete with its head, although it may
 * announce a body. What would come of that must not be taken for the next answer, so its connection ends.
 */
export class CheckedHandler extends PassingHandler {
  #interim = 0
  #isComplete = false

  override onResponseStart(controller: DispatchController, status: number): void {
    const isFinal = status >= FINAL && status <= HIGHEST
    const headers = isFinal ? rawText(controller.rawHeaders) : []
    const fault = isFinal ? faultOf(headers) : this.#faultOfInterim(status)
    if (fault !== undefined) controller.abort(new AnswerError(fault))
    else if (isFinal) this.#start(controller, status, headers)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    if (!this.#isComplete) super.onResponseError(controller, error)
  }

  #start(controller: DispatchController, status: number, headers: string[]): void {
    const endsHere = WITHOUT_CONTENT.has(status) && mayHaveBody(status, headers)
    // the next handler finds them decoded
    controller.rawHeaders = endsHere && status !== NOT_MODIFIED ? withoutLength(headers) : headers
    super.onResponseStart(controller, status)
    if (!endsHere) return
    this.#isComplete = true
    super.onResponseEnd(controller)
    controller.abort(new Error('an answer without content announced a body'))
  }

  /** Counts an interim response, which is for this connection alone (RFC 9110, 15.2) and not passed on. */
  #faultOfInterim(status: number): string | undefined {
    if (status < LOWEST || status > HIGHEST) return `its status is ${status}`
    if (status === SWITCHING_PROTOCOLS) return 'it switches protocols (101), which was not asked for'
    if (++this.#interim > MOST_INTERIM) return `more than ${MOST_INTERIM} interim answers (1xx) came before it`
    return undefined
  }
}

function faultOf(headers: RawHeaders): string | undefined {
  const coding = textOf(headers, 'transfer-encoding')
  return coding === '' || KNOWN_CODING.test(coding) ? undefined : 'its transfer-encoding is not chunked'
}

/** Whether a body might be taken to follow the head of an answer that has no content. */
function mayHaveBody(status: number, headers: RawHeaders): boolean {
  const length = textOf(headers, 'content-length')
  const isUnframed = status === RESET_CONTENT && length === ''
  return isUnframed || Number(length) > 0 || textOf(headers, 'transfer-encoding') !== ''
}

/** The values of a header, by its lower-case name, as one; empty where there is none. */
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
