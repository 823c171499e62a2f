import { once } from 'node:events'
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import type { Test } from 'tap'
import type { DispatchOptions } from '../../src/upstream/dispatcher.ts'
import { Http2Connection, type Http2ConnectionOptions } from '../../src/upstream/http2/connection.ts'
import { type DispatchController, type DispatchHandler, rawText } from '../../src/upstream/undici/handler.ts'
import { testClock } from './clock.ts'
import { issue, makeCa } from './pki.ts'

/** The CA of every server here. */
export const ca = await makeCa()

/** The certificate of every server here. */
export const certified = await issue(ca, { names: ['localhost'] })

/** Starts a server of HTTP/2 with Node.js that ends with the test. */
export async function http2Server(
  t: Test,
  onStream: Parameters<Http2SecureServer['on']>[1],
  options: SecureServerOptions = {},
): Promise<{ readonly port: number; readonly server: Http2SecureServer }> {
  const server = createSecureServer({ ...certified, ...options })
  server.on('stream', (stream, ...rest) => {
    stream.on('error', () => {})
    onStream(stream, ...rest)
  })
  server.on('sessionError', () => {})
  server.on('session', session => t.teardown(() => session.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, server }
}

/** Opens a connection to a server that ends with the test. */
export async function open(t: Test, port: number, options: Partial<Http2ConnectionOptions> = {}) {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: ca.cert, ALPNProtocols: ['h2'] })
  await once(socket, 'secureConnect')
  let close = () => {}
  const closed = new Promise<void>(resolve => {
    close = resolve
  })
  const connection = new Http2Connection(`https://localhost:${port}`, socket, {
    clock: testClock(),
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
    maxHeaderSize: 64 * 1024,
    closed: close,
    ...options,
  })
  t.teardown(() => connection.destroy())
  return { connection, socket, closed }
}

/** What became of a request. */
export interface Outcome {
  status: number
  headers: string[]
  body: string
  trailers: string[]
  error?: Error & { code?: string }
  /** The names of the handler's methods in the order in which they were called, data once. */
  readonly calls: string[]
}

/** Receives a response. */
export class Receiver implements DispatchHandler {
  readonly outcome: Outcome = { status: 0, headers: [], body: '', trailers: [], calls: [] }
  controller: DispatchController | undefined
  #settle: (outcome: Outcome) => void = () => {}
  readonly done = new Promise<Outcome>(resolve => {
    this.#settle = resolve
  })

  onRequestStart(controller: DispatchController): void {
    this.controller = controller
    this.outcome.calls.push('start')
  }

  onResponseStarted(): void {
    this.outcome.calls.push('started')
  }

  onResponseStart(controller: DispatchController, status: number): void {
    this.outcome.calls.push('head')
    Object.assign(this.outcome, { status, headers: rawText(controller.rawHeaders) })
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    if (this.outcome.calls.at(-1) !== 'data') this.outcome.calls.push('data')
    this.outcome.body += chunk.toString('latin1')
  }

  onResponseEnd(controller: DispatchController): void {
    this.outcome.calls.push('end')
    this.outcome.trailers = rawText(controller.rawTrailers)
    this.#settle(this.outcome)
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.outcome.calls.push('error')
    this.outcome.error = error
    this.#settle(this.outcome)
  }
}

/** Sends a request; the outcome is there when it is over. */
export function send(
  connection: Http2Connection,
  options: Partial<DispatchOptions> = {},
  receiver = new Receiver(),
): Promise<Outcome> {
  connection.dispatch({ origin: 'https://localhost', method: 'GET', path: '/', headers: [], ...options }, receiver)
  return receiver.done
}
