import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import { refuseHttp2 } from './http2.ts'
import { LONGEST_HEAD, SHORTEN } from './limits.ts'
import { answerOnSocket } from './socket-response.ts'

/** The members that Node.js adds to an error of its HTTP parser. */
interface ParseError extends NodeJS.ErrnoException {
  /** The bytes that the parser was reading. */
  readonly rawPacket?: unknown
  /** The number of those bytes that it has parsed. */
  readonly bytesParsed?: number | undefined
}

/** The parser's code for the HTTP/2 connection preface, which precedes all requests. */
const HTTP2 = 'HPE_PAUSED_H2_UPGRADE'

/** Statuses by error code of Node's HTTP parser; all others are 400. */
const PARSER_STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** What an error code means or how to avoid it, for codes that do not explain themselves. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  // the parser does not tell whether the target or a header is too long
  HPE_HEADER_OVERFLOW: `: the request line and headers are longer than ${LONGEST_HEAD} bytes; ${SHORTEN}`,
  HPE_INVALID_EOF_STATE: ': it ended before it was complete',
  HPE_INVALID_URL: ': percent-encode spaces and non-ASCII characters in the path and query',
}

/**
 * Responds to a malformed request with a problem, and closes the connection, because it is unknown where the next
 * request begins. `last` is the latest response on that connection. Sends nothing that would end up inside `last` or be
 * mistaken for it.
 */
export function answerClientError(
  error: ParseError,
  socket: Socket,
  last: ServerResponse | undefined,
  clock: Clock,
): void {
  // already reported; whatever follows is malformed too
  if (socket.writableEnded && error.code !== 'ECONNRESET') return
  if (!socket.writable || error.code === 'ECONNRESET' || !isFree(last)) return void socket.destroy()
  if (error.code === HTTP2) return void refuseHttp2(socket, restOf(error), clock)
  const status = PARSER_STATUS[String(error.code)] ?? 400
  const title = String(STATUS_CODES[status])
  const detail = `The request is not valid HTTP (${error.code})${EXPLANATIONS[String(error.code)] ?? ''}`
  answerOnSocket(socket, new Problem('invalid-request', detail, { status, title }))
  // closing the connection also ends the request being served
  if (last && !last.writableEnded) socket.destroySoon()
  else linger(socket, clock)
}

function restOf({ rawPacket, bytesParsed }: ParseError): Buffer {
  return Buffer.isBuffer(rawPacket) ? rawPacket.subarray(bytesParsed) : Buffer.alloc(0)
}

/**
 * Whether the client would take a response sent now for the one to its malformed request, which may be that of `last`.
 */
function isFree(last: ServerResponse | undefined): boolean {
  return last === undefined || last.writableEnded || (last.socket !== null && !last.headersSent && !last.req.complete)
}
