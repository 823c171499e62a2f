import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import type { Certified } from './pki.ts'

/** Types of frames (RFC 9113, 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames. END_STREAM of DATA and HEADERS is ACK of SETTINGS. */
export const FLAG = { end: 0x1, ack: 0x1, endHeaders: 0x4 } as const

/** What a client must send first (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Bytes of the head of a frame. */
const HEAD = 9

/** A frame as it came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** One connection of a server that sends whatever a test wants. */
export interface RawConnection {
  readonly socket: TLSSocket
  /** What is below TLS. */
  readonly tcp: Socket
  /** The frames that came, oldest first. */
  readonly frames: readonly Frame[]
  send(type: number, flags: number, stream: number, payload?: Buffer): void
  /** Sends a head. `:status` comes first. */
  head(stream: number, headers: readonly string[], flags?: number): void
  data(stream: number, text: string | Buffer, flags?: number): void
  reset(stream: number, code: number): void
  goaway(lastStream: number, code?: number): void
}

/** Called for each head of a request that came. */
export type OnRequest = (stream: number, connection: RawConnection) => unknown

/** Starts a server of HTTP/2 that ends with the test. `settings` are pairs of identifier and value. */
export async function rawHttp2(
  t: Test,
  certified: Certified,
  onRequest: OnRequest,
  settings: readonly (readonly [id: number, value: number])[] = [],
): Promise<{ readonly port: number; readonly connections: readonly RawConnection[] }> {
  const connections: RawConnection[] = []
  const secureContext = createSecureContext(certified)
  const server = createServer({ allowHalfOpen: true }, tcp => {
    const socket = new TLSSocket(
      tcp.on('error', () => {}),
      { isServer: true, secureContext, ALPNProtocols: ['h2'] },
    )
    const connection = serve(socket, tcp, onRequest)
    connections.push(connection)
    connection.send(FRAME.settings, 0, 0, Buffer.concat(settings.map(([id, value]) => setting(id, value))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const { socket } of connections) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections }
}

function serve(socket: TLSSocket, tcp: Socket, onRequest: OnRequest): RawConnection {
  const frames: Frame[] = []
  const send: RawConnection['send'] = (type, flags, stream, payload = Buffer.alloc(0)) => {
    const head = Buffer.alloc(HEAD)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    socket.write(Buffer.concat([head, payload]))
  }
  const connection: RawConnection = {
    socket,
    tcp,
    frames,
    send,
    head: (stream, headers, flags = 0) => send(FRAME.headers, FLAG.endHeaders | flags, stream, encode(headers)),
    data: (stream, text, flags = 0) => send(FRAME.data, flags, stream, Buffer.from(text)),
    reset: (stream, code) => send(FRAME.reset, 0, stream, words(code)),
    goaway: (lastStream, code = 0) => send(FRAME.goaway, 0, 0, words(lastStream, code)),
  }
  let pending: Buffer = Buffer.alloc(0)
  let skip = PREFACE.length
  socket.on('error', () => {})
  socket.on('data', chunk => {
    pending = Buffer.concat([pending, chunk])
    if (pending.length < skip) return
    pending = pending.subarray(skip)
    skip = 0
    for (let frame = first(pending); frame; frame = first(pending)) {
      pending = pending.subarray(HEAD + frame.payload.length)
      frames.push(frame)
      if (frame.type === FRAME.settings && !(frame.flags & FLAG.ack)) send(FRAME.settings, FLAG.ack, 0)
      if (frame.type === FRAME.headers) onRequest(frame.stream, connection)
    }
  })
  return connection
}

function first(bytes: Buffer): Frame | undefined {
  if (bytes.length < HEAD || bytes.length < HEAD + bytes.readUIntBE(0, 3)) return undefined
  const payload = bytes.subarray(HEAD, HEAD + bytes.readUIntBE(0, 3))
  return { type: bytes.readUInt8(3), flags: bytes.readUInt8(4), stream: bytes.readUInt32BE(5), payload }
}

/** Encodes headers as literals without indexing (RFC 7541, 6.2.2). */
function encode(headers: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < headers.length; at += 2)
    parts.push(Buffer.from([0]), text(headers[at] ?? ''), text(headers[at + 1] ?? ''))
  return Buffer.concat(parts)
}

/** A string with its length, of seven bits or more (RFC 7541, 5.1 and 5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, at) => {
    bytes.writeUInt32BE(value, 4 * at)
  })
  return bytes
}

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(id, 0)
  bytes.writeUInt32BE(value, 2)
  return bytes
}
