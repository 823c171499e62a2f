import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import {
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { HostPort } from '../../src/http/host-port.ts'
import { headerOf } from '../../src/http/raw-headers.ts'
import { keepReading } from '../../src/upstream/undici/keep-reading.ts'
import { issue, makeCa } from './pki.ts'

/** Translates HTTP/2 to HTTP/1.1 for upstreams that speak only that. */
export interface Front {
  readonly port: number
  /** The authority of its certificate, in PEM. */
  readonly ca: string
  /** Says that the connection that comes from a port is for an upstream, to which a connection is already open. */
  expect(port: number, target: HostPort, socket: Socket): void
}

/** Headers of HTTP/1.1 alone. */
const CONNECTION_SPECIFIC = /^(connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade)$/i

const WITHOUT_BODY = [204, 304]

let front: Promise<Front> | undefined

/** The front of this process. It keeps nothing alive. */
export function startFront(): Promise<Front> {
  front ??= start()
  return front
}

async function start(): Promise<Front> {
  const ca = await makeCa()
  const expected = new Map<number, readonly [HostPort, Socket]>()
  const accepted = new Map<number, Socket>()
  const server = createSecureServer({
    ...(await issue(ca, { names: ['localhost'] })),
    maxHeaderListPairs: 2_000,
    maxSendHeaderBlockLength: 256 * 1024,
  })
  server.on('connection', (tcp: Socket) => {
    const port = Number(tcp.remotePort)
    accepted.set(port, tcp)
    tcp.on('close', () => accepted.delete(port) && expected.delete(port))
  })
  server.on('session', session => {
    const port = Number(session.socket.remotePort)
    const [tcp, [target, socket] = []] = [accepted.get(port), expected.get(port)]
    if (!tcp || !target || !socket) return session.destroy()
    const upstream = new Upstream(target, socket, tcp)
    session.on('error', () => {})
    session.on('close', () => upstream.destroy())
    session.on('stream', (stream, headers, _flags, ...[raw]: unknown[]) => {
      stream.on('error', () => {})
      new Translation(stream, headers, raw as string[], upstream)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    ca: ca.cert,
    expect: (port, ...upstream) => void expected.set(port, upstream),
  }
}

/** The connections to the upstream of one connection over HTTP/2. */
class Upstream extends Agent {
  readonly #target: HostPort
  #first: Socket | undefined
  /** The connection that is translated. */
  readonly tcp: Socket
  running = 0

  constructor(target: HostPort, socket: Socket, tcp: Socket) {
    super({ keepAlive: true })
    this.#target = target
    this.tcp = tcp
    this.#first = watched(socket)
  }

  override createConnection(): Socket {
    const first = this.#first
    this.#first = undefined
    if (first && !first.destroyed) return first
    const { host, port } = this.#target
    return watched(connect({ host: host.replace(/^\[|\]$/g, ''), port, noDelay: true }))
  }

  override destroy(): void {
    this.#first?.destroy()
    super.destroy()
  }
}

/** A connection that Node.js goes on reading after the upstream has stopped reading. */
function watched(socket: Socket): Socket {
  keepReading(socket)
  return socket.on('error', () => {})
}

/** One request and its response. */
class Translation {
  readonly #stream: ServerHttp2Stream
  readonly #upstream: Upstream
  readonly #request: ClientRequest
  #isOver = false

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[], upstream: Upstream) {
    this.#stream = stream
    this.#upstream = upstream
    upstream.running++
    this.#request = request({
      agent: upstream,
      method: String(headers[':method']),
      path: String(headers[':path']),
      headers: requestHeaders(headers, raw, stream.endAfterHeaders),
      setHost: false,
      maxHeaderSize: 256 * 1024,
    })
      .on('information', ({ statusCode, rawHeaders }) => this.#interim(statusCode, rawHeaders))
      .on('response', response => this.#answer(response))
      .on('upgrade', (_response, socket) => {
        socket.destroy()
        this.#break()
      })
      .on('error', error => this.#break(error))
    stream.on('close', () => {
      upstream.running--
      if (!this.#isOver) this.#request.destroy()
    })
    if (stream.endAfterHeaders) this.#request.end()
    else stream.pipe(this.#request)
    this.#request.flushHeaders()
  }

  #interim(status: number, raw: readonly string[]): void {
    if (!this.#stream.destroyed) this.#stream.additionalHeaders({ ...translated(raw), ':status': status })
  }

  #answer(response: IncomingMessage): void {
    const stream = this.#stream
    const status = Number(response.statusCode)
    response.on('error', error => this.#break(error))
    if (stream.destroyed) return
    const head = { ...translated(response.rawHeaders), ':status': status }
    const endStream = WITHOUT_BODY.includes(status) || this.#request.method === 'HEAD'
    try {
      stream.respond(head, { endStream, waitForTrailers: !endStream, sendDate: false } as object)
    } catch {
      this.#break()
      return
    }
    response.on('end', () => {
      this.#isOver = true
      // the rest of an upload is of no use
      if (!stream.readableEnded && !stream.endAfterHeaders) this.#request.destroy()
    })
    stream.on('wantTrailers', () => stream.sendTrailers(translated(response.rawTrailers)))
    if (endStream) response.resume()
    else response.pipe(stream)
  }

  /** Breaks the connection as the upstream did, or resets the stream if the upstream broke the rules of HTTP, or resets the stream if other requests run on it. */
  #break(error?: NodeJS.ErrnoException): void {
    if (this.#isOver || this.#stream.destroyed) return
    this.#isOver = true
    if (error?.code?.startsWith('HPE_')) this.#stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    else if (this.#upstream.running > 1) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else this.#upstream.tcp.destroy()
  }
}

function requestHeaders(headers: IncomingHttpHeaders, raw: readonly string[], isEmpty: boolean): string[] {
  const kept = ['host', String(headers[':authority']), 'connection', 'keep-alive']
  for (let at = 0; at < raw.length; at += 2)
    if (!raw[at]?.startsWith(':')) kept.push(String(raw[at]), String(raw[at + 1]))
  if (!isEmpty && headers['content-length'] === undefined) kept.push('transfer-encoding', 'chunked')
  return kept
}

function translated(raw: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null)
  const named = new Set((headerOf(raw, 'connection') ?? '').toLowerCase().split(/\s*,\s*/))
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [String(raw[at]).toLowerCase(), String(raw[at + 1])]
    if (CONNECTION_SPECIFIC.test(name) || named.has(name)) continue
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}
