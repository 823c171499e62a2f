import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Dispatcher } from 'undici'
import { type BodySink, collectingSink, type ResponseOutcome, StreamingSink } from '../../src/forward/response-body.ts'
import { ResponseHandler, type ResponseHandlerOptions } from '../../src/forward/response-handler.ts'
import type { RawHeaders } from '../../src/http/raw-headers.ts'
import { Budget } from '../../src/kernel/budget.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { settle, testClock } from '../support/clock.ts'
import { call } from '../support/http.ts'
import { until } from '../support/until.ts'

type Handler = Dispatcher.DispatchHandler
type Raw = Buffer[] | string[] | null

/** A dispatcher and its upstream, whose part the test plays itself. */
class Stage extends Dispatcher implements Dispatcher.DispatchController {
  rawHeaders: Raw = [Buffer.from('x-a'), Buffer.from('b')]
  rawTrailers: Raw = null
  paused = false
  reason: Error | null = null
  handler: Handler | undefined

  get aborted(): boolean {
    return this.reason !== null
  }

  override dispatch(_options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    this.handler = handler
    handler.onRequestStart?.(this, {})
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  abort(reason: Error): void {
    this.reason = reason
    this.handler?.onResponseError?.(this, reason)
  }

  begin(status: number): void {
    this.handler?.onResponseStart?.(this, status, {})
  }

  data(chunk: string | Buffer): void {
    this.handler?.onResponseData?.(this, Buffer.from(chunk))
  }

  end(): void {
    this.handler?.onResponseEnd?.(this, {})
  }
}

interface PlayOptions extends ResponseHandlerOptions {
  /** Whether the answer is kept. */
  collected: boolean
  response: ServerResponse
  clock: Clock
  memory: Budget
  sendHead(status: number, headers: RawHeaders): void
}

class Player extends ResponseHandler {
  readonly options: PlayOptions
  /** What was sent to the client, as text. */
  readonly pieces: string[] = []

  constructor(options: PlayOptions) {
    super(options)
    this.options = options
  }

  sent(piece: Buffer): void {
    this.pieces.push(piece.toString())
  }

  protected begin(status: number, headers: RawHeaders): BodySink {
    const { collected, clock, response, sendHead, memory, signal: over } = this.options
    if (collected) return collectingSink({ status, headers }, this, { clock, passthrough: false, memory, over })
    return new StreamingSink(headers, response, this, () => sendHead(status, headers))
  }
}

interface Playing {
  readonly response: ServerResponse
  readonly answer: Promise<ResponseOutcome>
  readonly player: Player
}

/** Has the answer of a stage go to a real client. */
async function play(t: Test, options: Partial<PlayOptions> = {}) {
  const stage = new Stage()
  const clock = testClock()
  let begun: (of: Playing) => void
  const playing = new Promise<Playing>(resolve => (begun = resolve))
  const server = createServer((_request, response) => {
    const player = new Player({
      response,
      clock,
      signal: new AbortController().signal,
      token: new Secret('a-token-of-the-test'),
      memory: new Budget(() => 1024 * 1024),
      collected: false,
      sendHead: (status, headers) => void response.writeHead(status, [...headers]),
      ...options,
    })
    const answer = player.send(stage, { path: '/', method: 'GET' })
    answer.catch(() => {})
    begun({ response: options.response ?? response, answer, player })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const reply = call(port, '/')
  reply.catch(() => {})
  return { stage, clock, reply, ...(await playing) }
}

t.test('a slow client pauses the upstream', async t => {
  const { stage, reply, answer } = await play(t)
  stage.begin(200)
  stage.data('a')
  t.notOk(stage.paused)
  stage.data(Buffer.alloc(1024 * 1024))
  t.ok(stage.paused, 'as soon as what was sent waits')
  await until(() => !stage.paused)
  stage.end()
  t.strictSame(await answer, { kind: 'relayed' })
  t.equal((await reply).body.length, 1024 * 1024 + 1)
})

t.test('trailers are passed on as text or bytes, or not at all', async t => {
  const rows: readonly (readonly [trailers: Raw, value: string | undefined])[] = [
    [['x-a', 'caf\xe9'], 'caf\xe9'],
    [[Buffer.from('x-a'), Buffer.from('caf\xe9', 'latin1')], 'caf\xe9'],
    [null, undefined],
  ]
  for (const [trailers, value] of rows) {
    const { stage, reply } = await play(t)
    stage.rawTrailers = trailers
    stage.begin(200)
    stage.data('a')
    stage.end()
    t.equal((await reply).headers['x-a'], 'b')
    t.equal((await reply).trailers['x-a'], value)
  }
})

t.test('an invalid trailer aborts the response instead of hanging', async t => {
  const { stage, reply, answer, response } = await play(t)
  stage.rawTrailers = ['x-a', 'a\nb']
  stage.begin(200)
  stage.data('a')
  t.throws(() => stage.end(), { code: 'ERR_INVALID_CHAR' })
  stage.abort(new Error('undici tells of what was thrown'))
  await t.rejects(answer, { message: 'undici tells of what was thrown' })
  t.ok(response.destroyed)
  await t.rejects(reply)
})

t.test('a response that breaks off while queued behind others is destroyed', async t => {
  const waiting = new ServerResponse(new IncomingMessage(new Socket()))
  const { stage, answer } = await play(t, { response: waiting, sendHead: () => {} })
  stage.begin(200)
  stage.data('a')
  stage.abort(new Error('broken off'))
  await t.rejects(answer, { message: 'broken off' })
  t.ok(waiting.destroyed)
})

t.test('at most 64 KiB of an error’s body are collected', async t => {
  const { stage, answer } = await play(t, { collected: true })
  stage.begin(500)
  stage.data(Buffer.alloc(64 * 1024 - 1))
  stage.data('a')
  t.notOk(stage.reason)
  stage.data('b')
  t.ok(stage.reason)
  const { body, ...rest } = (await answer) as { body: Buffer }
  t.match(rest, { kind: 'collected', status: 500, headers: ['x-a', 'b'], complete: false })
  t.equal(body.length, 64 * 1024)
})

t.test('the bodies of all errors share a memory budget until their requests are over', async t => {
  const memory = new Budget(() => 1_000)
  const [over, other] = [new AbortController(), new AbortController()]
  const first = await play(t, { collected: true, memory, signal: over.signal })
  first.stage.begin(500)
  first.stage.data(Buffer.alloc(600))
  first.stage.end()
  const second = await play(t, { collected: true, memory, signal: other.signal })
  second.stage.begin(500)
  second.stage.data('abc')
  second.stage.data(Buffer.alloc(600))
  t.ok(second.stage.reason)
  t.match(await second.answer, { complete: false, body: Buffer.from('abc') })
  t.equal(memory.held, 603)
  over.abort()
  t.equal(memory.held, 3)
  other.abort()
  t.equal(memory.held, 0)
})

t.test('an error’s body is collected for at most 2 s', async t => {
  const { stage, answer, clock } = await play(t, { collected: true })
  stage.begin(500)
  stage.data('abc')
  await clock.advance(1999)
  t.notOk(stage.reason)
  await clock.advance(1)
  t.ok(stage.reason)
  t.match(await answer, { complete: false, body: Buffer.from('abc') })
})

t.test('an error’s body that ended is complete, and no timer fires later', async t => {
  const { stage, answer, clock, response } = await play(t, { collected: true })
  stage.begin(500)
  stage.end()
  t.match(await answer, { complete: true, body: Buffer.alloc(0) })
  await clock.advance(10_000)
  t.notOk(stage.reason)
  t.notOk(response.headersSent, 'it is the caller’s to tell')
})

t.test('nothing is sent for a client that has left', async t => {
  const reason = new Error('left')
  const { stage, answer } = await play(t, { signal: AbortSignal.abort(reason) })
  t.equal(stage.reason, reason)
  await t.rejects(answer, reason)
})

t.test('after an error before the response the caller answers the client', async t => {
  const { stage, answer, response } = await play(t)
  stage.abort(new Error('refused'))
  await t.rejects(answer, { message: 'refused' })
  t.notOk(response.headersSent || response.destroyed)
})

t.test('a head is sent with the first bytes of the body, or alone if none follow at once', async t => {
  const sent: string[] = []
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  response.flushHeaders = () => void sent.push('flush')
  const { stage } = await play(t, { response, sendHead: () => void sent.push('head') })
  stage.begin(200)
  t.strictSame(sent, [])
  await settle(1)
  t.strictSame(sent, [])
  await settle(1)
  t.strictSame(sent, ['head', 'flush'])
  stage.data('a')
  stage.end()
  await settle()
  t.strictSame(sent, ['head', 'flush'], 'once')
})

t.test('after a failure before the head is sent the caller answers the client', async t => {
  const { stage, answer, response } = await play(t)
  stage.begin(200)
  stage.abort(new Error('broken off'))
  await t.rejects(answer, { message: 'broken off' })
  await settle()
  t.notOk(response.headersSent || response.destroyed)
})

t.test('after a head that cannot be sent the caller answers the client, too', async t => {
  const sendHead = () => {
    throw new Error('no head')
  }
  const { stage, answer, response } = await play(t, { sendHead })
  stage.begin(200)
  await t.rejects(answer, { message: 'no head' })
  t.equal(stage.reason?.message, 'no head')
  t.notOk(response.headersSent || response.destroyed)
})

t.test('the handler knows whether any byte of a response has arrived', async t => {
  const { stage, answer, player } = await play(t)
  t.notOk(player.isAnswered)
  stage.handler?.onResponseStarted?.()
  t.ok(player.isAnswered)
  stage.abort(new Error('broken off'))
  await t.rejects(answer, { message: 'broken off' })
})

t.test('what is sent is noted piece by piece, and what never is sent is not', async t => {
  const streamed = await play(t, { sendHead: () => {} })
  streamed.stage.begin(200)
  streamed.stage.data('a')
  streamed.stage.data('bc')
  streamed.stage.end()
  t.same(streamed.player.pieces, ['a', 'bc'])
  const collected = await play(t, { collected: true })
  collected.stage.begin(500)
  collected.stage.data('a')
  collected.stage.end()
  t.same(collected.player.pieces, [])
})

t.test('a whole body is noted once it is sent, not when a failure may still replace it', async t => {
  const [good, bad] = [await play(t), await play(t)]
  for (const { stage } of [good, bad]) {
    stage.rawHeaders = ['content-length', '3']
    stage.begin(200)
    stage.data('abc')
  }
  t.same(good.player.pieces, [])
  good.stage.end()
  t.same(good.player.pieces, ['abc'])
  bad.stage.abort(new Error('broken off'))
  t.same(bad.player.pieces, [])
})
