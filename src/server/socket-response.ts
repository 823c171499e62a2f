import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { PAGE_HEADERS } from '../problem/html.ts'
import { type Problem, problemDocument } from '../problem/problem.ts'
import { PROBLEM_JSON } from '../problem/render.ts'
import { asRedlockStatus } from '../upstream-errors/redlock-status.ts'

/** Writes a problem as a response to a socket for which Node.js has no request. The caller closes the connection. */
export function answerOnSocket(socket: Socket, problem: Problem, requestId: string = randomUUID()): void {
  // the request may have been for Compute
  const body = JSON.stringify(problemDocument(problem, { instance: '', requestId, compute: true }))
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_JSON}`,
    ...Object.entries(PAGE_HEADERS).map(([name, value]) => `${name}: ${value}`),
    `x-request-id: ${requestId}`,
    `x-redlock-status: ${asRedlockStatus(problem)}`,
    ...(problem.retryAfter === undefined ? [] : [`retry-after: ${problem.retryAfter}`]),
    ...(problem.status === 407 ? ['proxy-authenticate: Basic realm="prismacloud-proxy"'] : []),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}
