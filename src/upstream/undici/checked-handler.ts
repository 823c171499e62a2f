import { AnswerError } from '../answer-error.ts'
import { PassingHandler } from './handler.ts'

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
  #abort: ((reason: Error) => void) | undefined
  #interim = 0
  #isComplete = false

  override onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    super.onConnect(abort)
  }

  override onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    if (status < FINAL || status > HIGHEST) return this.#passOver(status)
    const coding = textOf(headers, 'transfer-encoding')
    if (coding !== '' && !KNOWN_CODING.test(coding)) return this.#fail('its transfer-encoding is not chunked')
    if (!WITHOUT_CONTENT.has(status) || !mayHaveBody(status, headers))
      return super.onHeaders(status, headers, resume, text)
    this.#isComplete = true
    super.onHeaders(status, status === NOT_MODIFIED ? headers : withoutLength(headers), resume, text)
    super.onComplete([])
    this.#abort?.(new Error('an answer without content announced a body'))
    return true
  }

  override onError(error: Error): void {
    if (!this.#isComplete) super.onError(error)
  }

  /** Interim answers are for one connection alone (RFC 9110, 15.2). */
  #passOver(status: number): boolean {
    if (status < LOWEST || status > HIGHEST) return this.#fail(`its status is ${status}`)
    if (status === SWITCHING_PROTOCOLS) return this.#fail('it switches protocols (101), which was not asked for')
    if (++this.#interim > MOST_INTERIM)
      return this.#fail(`more than ${MOST_INTERIM} interim answers (1xx) came before it`)
    return true
  }

  #fail(fault: string): boolean {
    this.#abort?.(new AnswerError(fault))
    return true
  }
}

/** Whether a body might be taken to follow the head of an answer that has no content. */
function mayHaveBody(status: number, headers: readonly Buffer[]): boolean {
  const length = textOf(headers, 'content-length')
  const isUnframed = status === RESET_CONTENT && length === ''
  return isUnframed || Number(length) > 0 || textOf(headers, 'transfer-encoding') !== ''
}

/** The values of a header, by its lower-case name, as one; empty where there is none. */
function textOf(headers: readonly Buffer[], name: string): string {
  let value = ''
  for (let at = 0; at < headers.length; at += 2) {
    if (isNamed(headers[at], name)) value += `${value && ', '}${headers[at + 1]}`
  }
  return value
}

function withoutLength(headers: readonly Buffer[]): Buffer[] {
  return headers.filter((_, at) => !isNamed(headers[at - (at % 2)], 'content-length'))
}

function isNamed(name: Buffer | undefined, lower: string): boolean {
  return name?.length === lower.length && name.toString('latin1').toLowerCase() === lower
}
