import { once } from 'node:events'
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { type RequestOptions, request as requestSecurely } from 'node:https'
import { connect, type Socket } from 'node:net'

/** What a call may carry beside its path. */
export interface CallOptions {
  readonly method?: string
  /** Names and values in turn where case, order or repetition matters. */
  readonly headers?: Readonly<Record<string, string>> | readonly string[]
  /** Sent with its length. */
  readonly body?: string | Buffer
}

/** What a call to a URL may carry, and how its server is reached and verified. */
export interface UrlCallOptions
  extends Pick<RequestOptions, 'socketPath' | 'ca' | 'rejectUnauthorized' | 'maxVersion'> {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with its length. */
  readonly body?: string | Buffer
}

/** An answer, read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly trailers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what stands in an answer is what the tests are there to check
  readonly json: () => any
}

/** Sends one request on a connection of its own, and reads the answer to its end. */
export async function call(port: number, path: string, options: CallOptions = {}): Promise<Reply> {
  const sent = open(port, path, options)
  sent.end(options.body)
  return readReply(await answerTo(sent))
}

/** Sends one request to a URL on a connection of its own, and reads the answer to its end. */
export async function callUrl(url: string, options: UrlCallOptions = {}): Promise<Reply> {
  const { body, ...others } = options
  const begin = url.startsWith('https:') ? requestSecurely : request
  const sent = begin(url, { agent: false, ...others })
  sent.end(body)
  return readReply(await answerTo(sent))
}

/** Begins a request whose body the test sends itself. */
export function open(port: number, path: string, { method = 'GET', headers = {}, body }: CallOptions = {}) {
  const length = body === undefined ? [] : ['content-length', `${Buffer.byteLength(body)}`]
  const given = Array.isArray(headers) ? headers : Object.entries(headers).flat()
  const named = (name: string) => given.some((each, index) => index % 2 === 0 && each.toLowerCase() === name)
  const host = named('host') ? [] : ['host', `localhost:${port}`]
  const all = [...host, ...given, ...(named('content-length') ? [] : length)]
  return request({ port, path, method, headers: all, agent: false })
}

/** The head of the answer to a request. */
export async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = await once(sent, 'response')
  return answer
}

/** The answer to its end; rejects when that is missing. */
export async function readReply(answer: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const { statusCode = 0, headers, rawHeaders, trailers } = answer
  const body = Buffer.concat(chunks)
  const text = body.toString()
  return { status: statusCode, headers, rawHeaders, trailers, body, text, json: () => JSON.parse(text) }
}

/** Sends bytes on a connection of its own, and gives all that comes back until the other side closes it. */
export async function talk(port: number, bytes: string | Buffer): Promise<string> {
  const socket = dial(port)
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return readAll(socket)
}

/** A connection of its own. */
export function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1' })
}

/** All that comes until the other side closes the connection, in whatever way. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  if (!socket.closed) await new Promise(resolve => socket.once('close', resolve))
  return text
}
