import { constants } from 'node:http2'
import { errors } from 'undici'
import { InvalidResponseError, StreamResetError, UnprocessedError } from '../errors.ts'

/** How a stream of HTTP/2 ended before its response was complete. */
export interface StreamEnd {
  /** The code of the reset, by either side (RFC 9113, 7). */
  readonly code: number
  /** The error of the connection, if it has one. */
  readonly error: Error | undefined
  /** Whether the connection is gone, too. */
  readonly isConnectionGone: boolean
  /** Whether the request was not sent, or is one that the upstream leaves out when it goes away (GOAWAY). */
  readonly isLeftOut: boolean
  /** Whether the head of the response had arrived. */
  readonly isAnswered: boolean
}

/** The error with which the request on a stream fails. */
export function streamError({ code, error, isConnectionGone, isLeftOut, isAnswered }: StreamEnd): Error {
  const isRefused = code === constants.NGHTTP2_REFUSED_STREAM
  if ((isLeftOut || isRefused) && !isAnswered) return new UnprocessedError()
  if (error) return error
  if (isConnectionGone) return new errors.SocketError('other side closed')
  // what Node.js answers to headers above the limit that it announced
  if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) return new errors.HeadersOverflowError()
  // from nghttp2 for a malformed response, such as one with another length than it announced
  if (code === constants.NGHTTP2_PROTOCOL_ERROR) return new InvalidResponseError('it was reset with PROTOCOL_ERROR')
  return new StreamResetError(code)
}
