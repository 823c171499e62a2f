import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import { refuseHttp2 } from './http2.ts'
import { answerOnSocket } from './socket-response.ts'

/** What Node.js gives of an error of its HTTP parser, beside the code. */
interface ParseError extends NodeJS.ErrnoException {
  /** What was being read. */
  readonly rawPacket?: unknown
  /** How much of that is read. */
  readonly bytesParsed?: number | undefined
}

/** The preface of HTTP/2, which asks nothing, but expects it. */
const HTTP2 = 'HPE_PAUSED_H2_UPGRADE'

/** Statuses for what Node's HTTP parser refuses; all else is 400. */
const PARSER_STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** What it means, or what a person can do about it, where the parser's word alone does not say. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  HPE_INVALID_EOF_STATE: ': it ended before it was complete',
  HPE_INVALID_URL: ': percent-encode blanks, and what is not ASCII, in the path and query',
}

/**
 * Answers what is not HTTP as it should be with a problem, and closes its connection: where the next request begins is
 * unknown. `last` is the latest answer on that connection; what would come in its middle, or be taken for it, is not sent.
 */
export function answerClientError(
  error: ParseError,
  socket: Socket,
  last: ServerResponse | undefined,
  clock: Clock,
): void {
  // told already; what else comes is malformed as well
  if (socket.writableEnded && error.code !== 'ECONNRESET') return
  if (!socket.writable || error.code === 'ECONNRESET' || !isFree(last)) return void socket.destroy()
  if (error.code === HTTP2) return void refuseHttp2(socket, restOf(error), clock)
  const status = PARSER_STATUS[String(error.code)] ?? 400
  const title = String(STATUS_CODES[status])
  const detail = `The request is not valid HTTP (${error.code})${EXPLANATIONS[String(error.code)] ?? ''}`
  answerOnSocket(socket, new Problem('invalid-request', detail, { status, title }))
  // a request that is being served ends with its connection
  if (last && !last.writableEnded) socket.destroySoon()
  else linger(socket, clock)
}

function restOf({ rawPacket, bytesParsed }: ParseError): Buffer {
  return Buffer.isBuffer(rawPacket) ? rawPacket.subarray(bytesParsed) : Buffer.alloc(0)
}

/** Whether an answer sent now is taken for that of the malformed request, which may be the one that `last` answers. */
function isFree(last: ServerResponse | undefined): boolean {
  return last === undefined || last.writableEnded || (last.socket !== null && !last.headersSent && !last.req.complete)
}
