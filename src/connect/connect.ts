import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/config.ts'
import { type Admission, clientBy } from '../guard/admit.ts'
import { shownToken } from '../guard/guard.ts'
import { withoutDot } from '../http/host.ts'
import { httpsHost } from '../http/host-port.ts'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Problem } from '../problem/problem.ts'
import { type ConnectTunnel, connectTunnelOf, setConnectTunnel } from '../request/proxy-form.ts'
import { isServedHost } from '../request/tenant.ts'
import type { Connections } from '../server/connections.ts'
import { asProblem } from '../server/error-handler.ts'
import { requestId } from '../server/observe.ts'
import { answerOnSocket } from '../server/socket-response.ts'
import type { Audit, ConnectionRecord } from '../telemetry/audit.ts'
import type { TlsFront } from '../tls/front.ts'
import type { Agents } from '../upstream/agent.ts'
import { systemLookup } from '../upstream/connection/dial.ts'
import { isOwn } from './self.ts'
import { join, openTunnel } from './tunnel.ts'
import { type ConnectVerdict, judgeConnect, notEnabled } from './verdict.ts'

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n'

export interface ConnectOptions extends Pick<Admission, 'loggedIn'> {
  readonly config: () => Config
  /** What speaks TLS in the name of API hosts, if anything does. */
  readonly front: TlsFront | null
  readonly connections: Connections
  readonly clock: Clock
  /** Opens the connections that tunnels lead by. */
  readonly open: Agents['open']
  readonly log: Log
  readonly audit: Audit | null
}

/** A request for a connection, with what the audit is to tell of it. */
interface Asked {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly record: ConnectionRecord
}

/** The longest part of what a client asked for that is recorded, in characters: no host's name is longer. */
const LONGEST_HOST = 300

/** The connections that came of CONNECT. */
export interface ConnectedClients {
  /** Resolves once those have been recorded that are closed, or being closed, now. */
  recorded(): Promise<void>
}

/** Has an HTTP server answer CONNECT (RFC 9110, 9.3.6): requests that come that way are served like any other. */
export function serveConnect(server: Server, options: ConnectOptions): ConnectedClients {
  const running = new Set<Promise<void>>()
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    const asked = { request, socket, record: recordOf(request, options.clock) }
    const recorded = recordAtEnd(asked, head, options.audit).finally(() => running.delete(recorded))
    running.add(recorded)
    // a client may speak before it is answered
    if (head.length > 0) socket.unshift(head)
    void connect(server, asked, options).catch(error => refuse(error, asked, options))
  })
  return {
    async recorded() {
      await Promise.all(running)
    },
  }
}

/** A record of a client that leaves before it is answered. */
function recordOf(request: IncomingMessage, clock: Clock): ConnectionRecord {
  const host = String(request.url).slice(0, LONGEST_HOST)
  return {
    requestId: requestId(request),
    host,
    startedAt: clock.monotonic(),
    client: null,
    status: 0,
    verdict: 'aborted',
  }
}

/** Records a connection once it has closed, and all that hung on it has taken note. */
function recordAtEnd({ socket, record }: Asked, head: Buffer, audit: Audit | null): Promise<void> {
  const before = { read: socket.bytesRead - head.length, written: socket.bytesWritten + ESTABLISHED.length }
  return new Promise(resolve => {
    socket.once('close', () =>
      setImmediate(() => {
        const isMade = record.status === 200
        const fromClient = isMade ? socket.bytesRead - before.read : 0
        const toClient = isMade ? Math.max(0, socket.bytesWritten - before.written) : 0
        audit?.recordConnection(record, { fromClient, toClient })
        resolve()
      }),
    )
  })
}

async function connect(server: Server, asked: Asked, options: ConnectOptions): Promise<void> {
  const { request, socket, record } = asked
  const { config, front, connections, clock, open, audit } = options
  if (!front) throw notEnabled()
  // one in the other would go as deep as the stack does
  if (connectTunnelOf(request)) throw new Problem('invalid-request', 'This connection was made by CONNECT already')
  if (!server.listening) throw new Problem('draining', 'The proxy is shutting down')
  const token = shownToken(request.headers['proxy-authorization'])
  const { way, authority } = judge(asked, token, front, options)
  audit?.beginConnection(record)
  const { upstream, listen } = config()
  const isOurs = (host: string) => isOwn(host) || listen.trustedHosts.includes(withoutDot(host))
  const { outbound } = upstream
  const how = { outbound, clock, open, lookup: systemLookup, isOwn: isOurs }
  const host = way === 'tunnel' ? await openTunnel(authority, how) : undefined
  socket.write(ESTABLISHED)
  record.status = 200
  if (host) {
    record.verdict = await join(socket, host, clock)
    return
  }
  record.verdict = 'served'
  const passage: ConnectTunnel = { host: httpsHost(authority), token }
  front.terminate(socket, authority.host, secure => {
    connections.release(socket)
    setConnectTunnel(secure, passage)
  })
}

function judge(
  { request, record }: Asked,
  token: string | undefined,
  front: TlsFront,
  { config, loggedIn }: ConnectOptions,
): ConnectVerdict {
  const { tenants, clients, connect } = config()
  const client = clientBy(token, { clients, loggedIn })
  record.client = client?.name ?? null
  const known = client ? 'known' : 'unknown'
  const isAsked = token !== undefined && clients.length > 0
  const facts = {
    target: String(request.url),
    client: isAsked ? known : 'unnamed',
    needsToken: clients.length > 0,
  } as const
  return judgeConnect(facts, {
    others: connect.others,
    isServedHost: host => isServedHost(host, tenants),
    isCertified: host => front.isCertified(host),
  })
}

function refuse(error: unknown, { request, socket, record }: Asked, { log, clock }: ConnectOptions): void {
  const problem = asProblem(error)
  const { requestId, client } = record
  record.status = problem.status
  record.verdict = problem.type
  log.warn(
    { requestId, client, problem: problem.type, err: problem.cause },
    `CONNECT ${request.url}: ${problem.detail}`,
  )
  answerOnSocket(socket, problem, requestId)
  socket.resume()
  linger(socket, clock)
}
