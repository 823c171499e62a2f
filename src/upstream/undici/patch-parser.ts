import type { Socket } from 'node:net'
import { errors } from 'undici'
import { AnswerError } from '../errors.ts'
import { answerFault } from './response-fault.ts'

/** As much of undici's parser (7.30, `lib/dispatcher/client-h1.js`) as is mended here. */
interface Parser {
  readonly llhttp: { llhttp_set_lenient_keep_alive(parser: number, isOn: 0 | 1): void }
  /** Where llhttp keeps it. */
  readonly ptr: number
  contentLength: string
  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number
  createError(code: number, rest: Buffer): Error
}

const CONTINUE = 100
const FINAL = 200

/** An interim answer that undici passes on, for its handler to ignore. */
const PROCESSING = 102

/** What llhttp says of an answer that ends too early. */
const CUT_OFF = 'Invalid EOF state'

/**
 * Mends how undici reads the answers on a connection that it has taken over:
 *
 * - `100 Continue` is an interim answer like any other, asked for or not (RFC 9110, 15.2). undici breaks the connection off.
 *   That may go on although an interim answer says that it is the last, or comes as one of HTTP/1.0.
 * - An answer that is no HTTP is told as an {@link AnswerError}. undici may say instead that its length does not match, or
 *   that the connection broke.
 */
export function mendParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (!parser) return
  const { onHeadersComplete, createError, llhttp } = parser
  llhttp.llhttp_set_lenient_keep_alive(parser.ptr, 1)
  parser.onHeadersComplete = (status, _isUpgrade, keepsAlive) => {
    // llhttp would add the digits of the length that follows
    if (!keepsAlive && status < FINAL && parser.contentLength) throw new AnswerError('an interim answer has a length')
    // no upgrade was asked for; what comes as if it were one is judged by its status
    return onHeadersComplete.call(parser, status === CONTINUE ? PROCESSING : status, false, keepsAlive)
  }
  parser.createError = (code, rest) => {
    parser.contentLength = ''
    // undici puts llhttp's words in parentheses
    const reason = createError.call(parser, code, rest).message.replace(/^[^(]*\(|\)$/g, '')
    return reason === CUT_OFF
      ? new errors.SocketError('the answer is cut off')
      : new AnswerError(answerFault(reason, rest))
  }
}

/** It has none where the connection ended before undici could take it over. */
function parserOf(socket: Socket): Parser | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  return key && (socket as unknown as Readonly<Record<symbol, Parser>>)[key]
}
