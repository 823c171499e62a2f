import type { Socket } from 'node:net'
import { errors } from 'undici'
import { InvalidResponseError } from '../errors.ts'
import { responseFault } from './response-fault.ts'

/** The part of undici's parser (7.30, `lib/dispatcher/client-h1.js`) that is patched here. */
interface Parser {
  readonly llhttp: { llhttp_set_lenient_keep_alive(parser: number, isOn: 0 | 1): void }
  /** The parser's address in llhttp's memory. */
  readonly ptr: number
  contentLength: string
  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number
  createError(code: number, rest: Buffer): Error
}

const CONTINUE = 100
const FINAL = 200

/** An interim status that undici passes to the handler. */
const PROCESSING = 102

/** llhttp's reason when a response ends too early. */
const CUT_OFF = 'Invalid EOF state'

/**
 * Changes how undici parses the responses on a connection that it has taken over:
 *
 * - `100 Continue` is an interim response like any other, even if no request expected it (RFC 9110, 15.2). undici would
 *   close the connection.
 * - The connection stays open after an interim response with `Connection: close`, or one of HTTP/1.0.
 * - A response that is not valid HTTP fails with an {@link InvalidResponseError}. undici might report a length mismatch
 *   or a broken connection instead.
 */
export function patchParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (!parser) return
  const { onHeadersComplete, createError, llhttp } = parser
  llhttp.llhttp_set_lenient_keep_alive(parser.ptr, 1)
  parser.onHeadersComplete = (status, _isUpgrade, keepsAlive) => {
    // llhttp would append the digits of the final response's length to this one's
    if (!keepsAlive && status < FINAL && parser.contentLength)
      throw new InvalidResponseError('an interim response has a content-length')
    // never an upgrade: no request asks for one, so the status alone decides
    return onHeadersComplete.call(parser, status === CONTINUE ? PROCESSING : status, false, keepsAlive)
  }
  parser.createError = (code, rest) => {
    parser.contentLength = ''
    // undici puts llhttp's reason in parentheses
    const reason = createError.call(parser, code, rest).message.replace(/^[^(]*\(|\)$/g, '')
    return reason === CUT_OFF
      ? new errors.SocketError('the response is cut off')
      : new InvalidResponseError(responseFault(reason, rest))
  }
}

/** Returns undici's parser of a connection; undefined if the connection ended before undici could take it over. */
function parserOf(socket: Socket): Parser | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  return key && (socket as unknown as Readonly<Record<symbol, Parser>>)[key]
}
