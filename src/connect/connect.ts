import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/config.ts'
import { type Admission, clientBy } from '../guard/admit.ts'
import { shownToken } from '../guard/guard.ts'
import { withoutDot } from '../http/host.ts'
import { type HostPort, httpsHost } from '../http/host-port.ts'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Problem } from '../problem/problem.ts'
import { connectTunnelOf, setConnectTunnel } from '../request/proxy-form.ts'
import { withoutQuery } from '../request/target.ts'
import { isServedHost } from '../request/tenant.ts'
import type { Connections } from '../server/connections.ts'
import { asProblem } from '../server/error-handler.ts'
import { requestId } from '../server/observe.ts'
import { answerOnSocket } from '../server/socket-response.ts'
import type { Audit, ConnectionRecord } from '../telemetry/audit.ts'
import type { TlsFront } from '../tls/front.ts'
import type { Agents } from '../upstream/agent.ts'
import { systemLookup } from '../upstream/connection/dial.ts'
import { isSelf } from './self.ts'
import { join, openTunnel } from './tunnel.ts'
import { type ConnectVerdict, judgeConnect, notEnabled } from './verdict.ts'

/** The response to a successful CONNECT. Everything after it belongs to the new connection (RFC 9110, 9.3.6). */
const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n'

/** What {@link serveConnect} needs: the configuration in force, and ways to open, serve and record connections. */
export interface ConnectOptions extends Pick<Admission, 'loggedIn'> {
  readonly config: () => Config
  /** Terminates TLS in the name of API hosts; null if CONNECT is disabled. */
  readonly front: TlsFront | null
  readonly connections: Connections
  readonly clock: Clock
  /** Opens a tunnel's connection to its host. */
  readonly open: Agents['open']
  readonly log: Log
  readonly audit: Audit | null
}

/** A CONNECT request with its connection and its audit record, which is filled in along the way. */
interface ConnectRequest {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly record: ConnectionRecord
}

interface ServeOptions extends Pick<ConnectOptions, 'connections'> {
  readonly front: TlsFront
  /** The client token in `Proxy-Authorization`, for the requests on the connection. */
  readonly token: string | undefined
}

/** The most characters of a request target that are recorded and logged. No host name is longer. */
const MAX_TARGET = 300

/** The connections that clients have opened with CONNECT. */
export interface ConnectedClients {
  /** Resolves once every connection that is open now has closed and been recorded. */
  recorded(): Promise<void>
}

/**
 * Makes an HTTP server accept CONNECT (RFC 9110, 9.3.6). Connections to API hosts are served: their requests are
 * handled like any other. Connections to other hosts are tunnelled, if the configuration allows it.
 */
export function serveConnect(server: Server, options: ConnectOptions): ConnectedClients {
  const running = new Set<Promise<void>>()
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    const incoming = { request, socket, record: recordOf(request, options.clock) }
    const recorded = recordAtEnd(incoming, head, options.audit).finally(() => running.delete(recorded))
    running.add(recorded)
    // a client may send more before it gets the response
    if (head.length > 0) socket.unshift(head)
    void connect(server, incoming, options).catch(error => refuse(error, incoming, options))
  })
  return {
    async recorded() {
      await Promise.all(running)
    },
  }
}

/** Makes a new record. Until it is filled in, it describes a client that leaves before the response. */
function recordOf(request: IncomingMessage, clock: Clock): ConnectionRecord {
  const host = withoutQuery(String(request.url)).slice(0, MAX_TARGET)
  return {
    requestId: requestId(request),
    host,
    startedAt: clock.monotonic(),
    client: null,
    status: 0,
    verdict: 'aborted',
  }
}

/** Records a connection after it has closed and its other listeners have run. */
function recordAtEnd({ socket, record }: ConnectRequest, head: Buffer, audit: Audit | null): Promise<void> {
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

async function connect(server: Server, incoming: ConnectRequest, options: ConnectOptions): Promise<void> {
  const { request, record } = incoming
  const { front, audit } = options
  if (!front) throw notEnabled()
  // without this check, only the call stack would limit the nesting
  if (connectTunnelOf(request))
    throw new Problem('invalid-request', 'CONNECT is not allowed on a connection opened with CONNECT')
  if (!server.listening) throw new Problem('draining', 'The proxy is shutting down')
  const token = shownToken(request.headers['proxy-authorization'])
  const { action, hostPort } = judge(incoming, token, front, options)
  audit?.beginConnection(record)
  if (action === 'tunnel') return tunnel(incoming, hostPort, options)
  return serve(incoming, hostPort, { front, token, connections: options.connections })
}

/** Passes the bytes on to the host, once a connection to it is open. */
async function tunnel(
  incoming: ConnectRequest,
  hostPort: HostPort,
  { config, clock, open }: ConnectOptions,
): Promise<void> {
  const { upstream, listen } = config()
  const isThisProxy = (host: string) => isSelf(host) || listen.trustedHosts.includes(withoutDot(host))
  const { outbound } = upstream
  const host = await openTunnel(hostPort, { outbound, clock, open, lookup: systemLookup, isSelf: isThisProxy })
  const { socket, record } = establish(incoming)
  record.verdict = await join(socket, host, clock)
}

/** Serves the requests on the connection in the host's name. */
function serve(incoming: ConnectRequest, hostPort: HostPort, { front, token, connections }: ServeOptions): void {
  const { socket, record } = establish(incoming)
  record.verdict = 'served'
  front.terminate(socket, hostPort.host, secure => {
    connections.release(socket)
    setConnectTunnel(secure, { host: httpsHost(hostPort), token })
  })
}

function establish(incoming: ConnectRequest): ConnectRequest {
  incoming.socket.write(ESTABLISHED)
  incoming.record.status = 200
  return incoming
}

function judge(
  { request, record }: ConnectRequest,
  token: string | undefined,
  front: TlsFront,
  { config, loggedIn }: ConnectOptions,
): ConnectVerdict {
  const { tenants, clients, connect } = config()
  const client = clientBy(token, { clients, loggedIn })
  record.client = client?.name ?? null
  const needsToken = clients.length > 0
  const validity = client ? 'valid' : 'wrong'
  const facts = {
    target: String(request.url),
    token: needsToken && token !== undefined ? validity : 'missing',
    needsToken,
  } as const
  return judgeConnect(facts, {
    others: connect.others,
    isServedHost: host => isServedHost(host, tenants),
    isCertified: host => front.isCertified(host),
  })
}

function refuse(error: unknown, { socket, record }: ConnectRequest, { log, clock }: ConnectOptions): void {
  const problem = asProblem(error)
  const { requestId, client, host } = record
  record.status = problem.status
  record.verdict = problem.type
  log.warn({ requestId, client, problem: problem.type, err: problem.cause }, `CONNECT ${host}: ${problem.detail}`)
  answerOnSocket(socket, problem, requestId)
  socket.resume()
  linger(socket, clock)
}
