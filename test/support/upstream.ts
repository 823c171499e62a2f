import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

const TOKEN = 'header.payload.signature'

/** One request as its bytes came in over TCP, and the connection to answer it on. */
export interface RawRequest {
  /** Request line and headers, latin1, without the empty line. */
  readonly head: string
  /** The request target. */
  readonly target: string
  /** Each header as it came. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly socket: Socket
  /** Reads the body as it is on the wire, chunk sizes included, to its end. */
  body(): Promise<Buffer>
  /** Reads at least so many more bytes of the body. */
  read(bytes: number): Promise<Buffer>
  /** Sends bytes, in latin1. */
  answer(...lines: string[]): void
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
}

/** An upstream in the hands of a test. */
export interface RawUpstream {
  readonly url: string
  /** The requests that came, but for logins and questions about access keys, oldest first. */
  readonly requests: readonly RawRequest[]
  /** The requests that came to log in, oldest first. */
  readonly logins: readonly RawRequest[]
  /** How many connections are open. */
  readonly connections: () => number
}

/** What answers a request; returning leaves the connection to the next one. */
export type Handler = (request: RawRequest, upstream: RawUpstream) => unknown

export interface RawUpstreamOptions {
  /** Default: grants a token. */
  readonly login?: Handler
  /** Answers who asks about an access key. Default: knows none. */
  readonly key?: Handler
}

/** An answer as it stands on the wire. */
export function http(status: string, headers: readonly string[] = [], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body, 'latin1')}`, '', body].join(
    '\r\n',
  )
}

/** Grants a token, which is always the same. */
export async function grant(request: RawRequest): Promise<void> {
  await request.body()
  request.answer(http('200 OK', ['content-type: application/json'], JSON.stringify({ token: TOKEN })))
}

function knowNoKey({ answer }: RawRequest): void {
  answer(http('404 Not Found'))
}

/** Starts an upstream on TCP that ends with the test. */
export async function rawUpstream(
  t: Test,
  handle: Handler,
  { login = grant, key = knowNoKey }: RawUpstreamOptions = {},
): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const requests: RawRequest[] = []
  const logins: RawRequest[] = []
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    void serve(socket, async request => {
      if (/^GET \S*\/access_keys\/\S+ /.test(request.head)) return void (await key(request, upstream))
      const isLogin = /^POST \S*\/login /.test(request.head)
      const list = isLogin ? logins : requests
      list.push(request)
      await (isLogin ? login : handle)(request, upstream)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const upstream = { url: `http://127.0.0.1:${port}`, requests, logins, connections: () => sockets.size }
  return upstream
}

async function serve(socket: Socket, handle: (request: RawRequest) => Promise<void>): Promise<void> {
  const reader = new Reader(socket)
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  for (;;) {
    const head = await reader.through('\r\n\r\n')
    if (head === undefined) return
    await handle(readRequest(head.toString('latin1').trimEnd(), reader, socket, closed))
  }
}

function readRequest(head: string, reader: Reader, socket: Socket, closed: Promise<void>): RawRequest {
  const [line = '', ...lines] = head.split('\r\n')
  const headers = lines.map(each => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 2)] as const)
  const header = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1]
  return {
    head,
    target: line.slice(line.indexOf(' ') + 1, line.lastIndexOf(' ')),
    headers,
    socket,
    closed,
    read: bytes => reader.exactly(bytes),
    async body() {
      if (header('transfer-encoding')) return (await reader.through('0\r\n\r\n')) ?? Buffer.alloc(0)
      return reader.exactly(Number(header('content-length') ?? 0))
    },
    answer: (...lines) => void socket.write(lines.join('\r\n'), 'latin1'),
  }
}

/** Reads from a socket at the test's pace. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>
  #pending: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false })
  }

  /** All up to a mark and with it, or undefined when the connection ends before. */
  async through(mark: string): Promise<Buffer | undefined> {
    let at = this.#pending.indexOf(mark)
    while (at < 0) {
      if (!(await this.#more())) return undefined
      at = this.#pending.indexOf(mark)
    }
    return this.#take(at + mark.length)
  }

  async exactly(count: number): Promise<Buffer> {
    while (this.#pending.length < count && (await this.#more())) {}
    return this.#take(count)
  }

  #take(count: number): Buffer {
    const taken = this.#pending.subarray(0, count)
    this.#pending = this.#pending.subarray(count)
    return taken
  }

  async #more(): Promise<boolean> {
    try {
      const { value, done } = await this.#chunks.next()
      if (done) return false
      this.#pending = Buffer.concat([this.#pending, value])
      return true
    } catch {
      return false
    }
  }
}
