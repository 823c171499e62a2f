import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from '../admin/connections.ts'
import { asProblem } from '../admin/failures.ts'
import { answerOnSocket } from '../admin/socket-answer.ts'
import type { Config } from '../config/config.ts'
import { type Passage, passageOf, setPassage } from '../forward/proxied.ts'
import { isServedHost } from '../forward/tenant.ts'
import { type Admission, clientBy } from '../guard/admit.ts'
import { shownToken } from '../guard/guard.ts'
import type { Clock } from '../kernel/clock.ts'
import { linger } from '../kernel/linger.ts'
import type { Log } from '../kernel/log.ts'
import { Problem } from '../problem/problem.ts'
import type { TlsFront } from '../tls/front.ts'
import { httpsHost } from './authority.ts'
import { isOwn } from './own.ts'
import { join, openTunnel } from './tunnel.ts'
import { type ConnectVerdict, judgeConnect, notEnabled } from './verdict.ts'

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n'

export interface ConnectOptions extends Pick<Admission, 'loggedIn'> {
  readonly config: () => Config
  /** What speaks TLS in the name of API hosts, if anything does. */
  readonly front: TlsFront | null
  readonly connections: Connections
  readonly clock: Clock
  readonly log: Log
}

/** Has an HTTP server answer CONNECT (RFC 9110, 9.3.6): requests that come that way are served like any other. */
export function serveConnect(server: Server, options: ConnectOptions): void {
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    // a client may speak before it is answered
    if (head.length > 0) socket.unshift(head)
    void connect(server, request, socket, options).catch(error => refuse(error, request, socket, options))
  })
}

async function connect(server: Server, request: IncomingMessage, socket: Socket, options: ConnectOptions) {
  const { config, front, connections, clock } = options
  if (!front) throw notEnabled()
  // one in the other would go as deep as the stack does
  if (passageOf(request)) throw new Problem('invalid-request', 'This connection was made by CONNECT already')
  if (!server.listening) throw new Problem('draining', 'The proxy is shutting down')
  const token = shownToken(request.headers['proxy-authorization'])
  const { way, authority } = judge(String(request.url), token, front, options)
  const host = way === 'tunnel' ? await openTunnel(authority, { upstream: config().upstream, clock, isOwn }) : undefined
  socket.write(ESTABLISHED)
  if (host) return join(socket, host, clock)
  const passage: Passage = { host: httpsHost(authority), token }
  front.terminate(socket, authority.host, secure => {
    connections.release(socket)
    setPassage(secure, passage)
  })
}

function judge(
  target: string,
  token: string | undefined,
  front: TlsFront,
  { config, loggedIn }: ConnectOptions,
): ConnectVerdict {
  const { tenants, clients, connect } = config()
  const known = clientBy(token, { clients, loggedIn }) ? 'known' : 'unknown'
  const isAsked = token !== undefined && clients.length > 0
  const facts = { target, client: isAsked ? known : 'unnamed', needsToken: clients.length > 0 } as const
  return judgeConnect(facts, {
    others: connect.others,
    isServedHost: host => isServedHost(host, tenants),
    isCertified: host => front.isCertified(host),
  })
}

function refuse(error: unknown, request: IncomingMessage, socket: Socket, { log, clock }: ConnectOptions): void {
  const problem = asProblem(error)
  log.warn({ problem: problem.type, err: problem.cause }, `CONNECT ${request.url}: ${problem.detail}`)
  answerOnSocket(socket, problem)
  socket.resume()
  linger(socket, clock)
}
