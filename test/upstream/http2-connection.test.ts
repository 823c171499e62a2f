import { Readable } from 'node:stream'
import t from 'tap'
import { explainNetworkError } from '../../src/upstream/network-error.ts'
import { testClock } from '../support/clock.ts'
import { certified, http2Server, open, Receiver, send } from '../support/http2.ts'
import { FLAG, FRAME, rawHttp2 } from '../support/raw-http2.ts'
import { until } from '../support/until.ts'

t.test('a response comes with its headers in order and its trailers', async t => {
  const { port } = await http2Server(t, stream => {
    stream.respond(
      { ':status': 200, 'x-b': '1', 'set-cookie': ['a=1', 'b=2'], 'x-a': 'caf\u00e9' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
    stream.end('hello')
  })
  const { connection } = await open(t, port)
  const { status, headers, body, trailers, calls } = await send(connection)
  t.equal(status, 200)
  t.strictSame(headers.slice(0, 8), ['x-b', '1', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-a', 'caf\u00e9'])
  t.equal(body, 'hello')
  t.strictSame(trailers, ['x-sum', '42'])
  t.strictSame(calls, ['start', 'started', 'head', 'data', 'end'])
})

t.test('a request comes with its pseudo headers, its headers and its body', async t => {
  const seen: { headers?: readonly string[]; body: string } = { body: '' }
  const { port } = await http2Server(t, (stream, _headers, _flags, raw) => {
    seen.headers = raw
    stream.on('data', (chunk: Buffer) => {
      seen.body += chunk
    })
    stream.on('end', () => {
      stream.respond({ ':status': 201 })
      stream.end()
    })
  })
  const { connection } = await open(t, port)
  const headers = ['X-One', '1', 'x-two', 'a', 'X-Two', 'b', 'content-length', '6']
  const body = Readable.from([Buffer.from('abc'), Buffer.from('def')])
  t.equal((await send(connection, { method: 'POST', path: '/p?q=1', headers, body })).status, 201)
  t.strictSame(seen.headers?.slice(0, 8), [
    ':method',
    'POST',
    ':path',
    '/p?q=1',
    ':scheme',
    'https',
    ':authority',
    `localhost:${port}`,
  ])
  t.strictSame(seen.headers?.slice(8), ['x-one', '1', 'x-two', 'a', 'x-two', 'b', 'content-length', '6'])
  t.equal(seen.body, 'abcdef')
})

t.test('many requests run at once, as many as the upstream takes', async t => {
  const { port, server } = await http2Server(
    t,
    stream => {
      stream.respond({ ':status': 200 })
      setImmediate(() => stream.end('x'))
    },
    { settings: { maxConcurrentStreams: 30 } },
  )
  let sessions = 0
  server.on('session', () => sessions++)
  const { connection } = await open(t, port)
  t.equal(connection.capacity, 10, 'before the upstream has said how many')
  const all = Array.from({ length: 10 }, () => send(connection))
  t.equal(connection.capacity, 0)
  t.equal(connection.running, 10)
  await Promise.all(all)
  t.equal(connection.capacity, 30)
  const more = await Promise.all(Array.from({ length: 30 }, () => send(connection)))
  t.ok(more.every(({ body }) => body === 'x'))
  t.equal(connection.running, 0)
})

t.test('interim responses are dropped', async t => {
  const { port } = await http2Server(t, stream => {
    stream.additionalHeaders({ ':status': 103, link: '</x>' })
    stream.respond({ ':status': 200 })
    stream.end('final')
  })
  const { connection } = await open(t, port)
  t.match(await send(connection), { status: 200, body: 'final', calls: ['start', 'started', 'head', 'data', 'end'] })
})

t.test('an early answer is complete although the upstream stops the upload', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, reset }) => {
    head(stream, [':status', '413'])
    data(stream, 'too large', FLAG.end)
    reset(stream, 0)
  })
  const { connection } = await open(t, port)
  const body = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024)))
  t.match(await send(connection, { method: 'POST', body }), {
    status: 413,
    body: 'too large',
    calls: ['start', 'started', 'head', 'data', 'end'],
  })
  t.ok(body.destroyed, 'the rest is not read')
  t.equal(connection.running, 0)
})

t.test('an early answer ends an upload that the upstream does not stop', async t => {
  const { port, connections } = await rawHttp2(t, certified, (stream, { head }) =>
    head(stream, [':status', '413'], FLAG.end),
  )
  const { connection } = await open(t, port)
  const body = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024)))
  t.match(await send(connection, { method: 'POST', body }), { status: 413 })
  await until(() => connections[0]?.frames.some(({ type }) => type === FRAME.reset) ?? false)
  t.equal(connection.running, 0)
})

t.test('a reset with NO_ERROR in the middle of a response is no end of it', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, reset }) => {
    head(stream, [':status', '200'])
    data(stream, 'half')
    reset(stream, 0)
  })
  const { connection } = await open(t, port)
  t.match(await send(connection), { body: 'half', error: { code: 'STREAM_RESET' } })
})

t.test('who aborts resets one stream', async t => {
  const { port, connections } = await rawHttp2(t, certified, (stream, { head, data }) => {
    head(stream, [':status', '200'])
    if (stream > 1) data(stream, 'whole', FLAG.end)
  })
  const { connection } = await open(t, port)
  const receiver = new Receiver()
  const aborted = send(connection, {}, receiver)
  await until(() => receiver.outcome.status > 0)
  const reason = new Error('has left')
  receiver.controller?.abort(reason)
  receiver.controller?.abort(new Error('again'))
  t.equal((await aborted).error, reason)
  t.strictSame([receiver.controller?.aborted, receiver.controller?.reason], [true, reason])
  t.match(await send(connection), { body: 'whole' })
  const reset = connections[0]?.frames.find(({ type }) => type === FRAME.reset)
  t.equal(reset?.payload.readUInt32BE(), 8)
})

t.test('refused and left out requests were not processed', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, reset, goaway }) => {
    if (stream === 1) reset(stream, 7)
    if (stream < 7) return
    goaway(3)
    head(3, [':status', '200'])
    data(3, 'finished', FLAG.end)
  })
  const { connection, closed } = await open(t, port)
  const [refused, running, ...leftOut] = [1, 2, 3, 4].map(() => send(connection, { method: 'POST', body: 'x' }))
  t.match((await refused)?.error, { name: 'UnprocessedError' })
  for (const each of leftOut) t.match((await each).error, { name: 'UnprocessedError' })
  t.equal(connection.capacity, 0)
  t.match(await running, { body: 'finished' })
  await closed
  t.match(await send(connection), { error: { name: 'UnprocessedError' }, calls: ['start', 'error'] })
  t.equal(connection.running, 0)
})

t.test('an upstream that goes away with an error fails what runs', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { goaway }) => {
    if (stream === 3) goaway(1, 11)
  })
  const { connection, closed } = await open(t, port)
  const [running, leftOut] = [send(connection), send(connection)]
  t.match((await running).error, { code: 'ERR_HTTP2_SESSION_ERROR' })
  t.match((await leftOut).error, { name: 'UnprocessedError' })
  await closed
})

t.test('what runs fails as broken when the connection closes or is reset', async t => {
  for (const end of ['destroy', 'resetAndDestroy'] as const) {
    const { port } = await rawHttp2(t, certified, (stream, { head, data, tcp }) => {
      if (stream === 1) {
        head(1, [':status', '200'])
        data(1, 'half')
      } else setImmediate(() => tcp[end]())
    })
    const { connection, closed } = await open(t, port)
    const [answered, waiting] = [send(connection), send(connection)]
    for (const each of [answered, waiting]) t.match((await each).error, { code: /^(ECONNRESET|UND_ERR_SOCKET)$/ }, end)
    await closed
    t.equal(connection.running, 0)
  }
})

t.test('a response that is reset in the middle fails', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, reset }) => {
    if (stream > 1) head(stream, [':status', '200'])
    if (stream > 1) data(stream, 'half')
    reset(stream, stream === 5 ? 8 : 2)
  })
  const { connection } = await open(t, port)
  for (const body of ['', 'half', 'half']) t.match(await send(connection), { body, error: { code: 'STREAM_RESET' } })
})

t.test('a response with another length than announced is an error', async t => {
  const { port, connections } = await rawHttp2(t, certified, (stream, { head, data }) => {
    head(stream, [':status', '200', 'content-length', '4'])
    data(stream, connections.length === 1 ? 'abc' : 'abcde', FLAG.end)
  })
  for (let number = 0; number < 2; number++) {
    const { connection } = await open(t, port)
    const { error, calls } = await send(connection)
    t.equal(explainNetworkError(error, 'api.test').nature, 'invalid')
    t.notOk(calls.includes('end'))
  }
})

t.test('a request with another length than announced is an error', async t => {
  const { port } = await http2Server(t, stream => stream.resume())
  const { connection } = await open(t, port)
  for (const length of ['3', '5']) {
    const body = Readable.from([Buffer.from('ab'), Buffer.from('cd')])
    const sent = send(connection, { method: 'POST', body, headers: ['content-length', length] })
    t.match((await sent).error, { code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
  }
})

t.test('a body that breaks off fails its request with its error', async t => {
  const { port, connections } = await rawHttp2(t, certified, () => {})
  const { connection } = await open(t, port)
  const body = new Readable({ read() {} })
  const sent = send(connection, { method: 'POST', body })
  await until(() => connections[0]?.frames.some(({ type }) => type === FRAME.headers) ?? false)
  const error = new Error('the client has left')
  body.destroy(error)
  t.equal((await sent).error, error)
  const gone = new Readable({ read() {} }).on('error', () => {})
  gone.destroy(error)
  t.equal((await send(connection, { method: 'POST', body: gone })).error, error)
  const abandoned = new Readable({ read() {} })
  const another = send(connection, { method: 'POST', body: abandoned })
  abandoned.destroy()
  t.match((await another).error, { code: 'UND_ERR_ABORTED' })
  const before = new Readable({ read() {} }).destroy()
  t.match((await send(connection, { method: 'POST', body: before })).error, { code: 'UND_ERR_ABORTED' })
  t.equal(connection.running, 0)
})

t.test('headers that are too large are an error of their response', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data }) => {
    const large = [20, 60, 20].flatMap(size => ['x-large', 'x'.repeat(size)])
    if (stream === 1) head(stream, [':status', '200', ...large], FLAG.end)
    else if (stream === 3) head(stream, [':status', '200', 'x-large', 'x'.repeat(300)], FLAG.end)
    else {
      head(stream, [':status', '200'])
      data(stream, 'x')
      head(stream, large, FLAG.end)
    }
  })
  const { connection } = await open(t, port, { maxHeaderSize: 100 })
  for (let number = 0; number < 3; number++)
    t.match((await send(connection)).error, { code: 'UND_ERR_HEADERS_OVERFLOW' }, `${number}`)
})

t.test('a head that does not come in time, and a body that pauses, are errors', async t => {
  const { port, connections } = await rawHttp2(t, certified, (stream, { head, data }) => {
    if (connections.length === 1) return
    head(stream, [':status', '103'])
    head(stream, [':status', '200'])
    data(stream, 'half')
  })
  const clock = testClock()
  const { connection } = await open(t, port, { clock, headersTimeout: 1_000, bodyTimeout: 2_000 })
  const unanswered = send(connection)
  await clock.advance(999)
  t.equal(connection.running, 1)
  await clock.advance(2)
  t.match((await unanswered).error, { code: 'UND_ERR_HEADERS_TIMEOUT' })
  const { connection: another } = await open(t, port, { clock, bodyTimeout: 2_000 })
  const receiver = new Receiver()
  const halfway = send(another, {}, receiver)
  await until(() => receiver.outcome.body === 'half')
  receiver.controller?.pause()
  await clock.advance(5_000)
  t.equal(another.running, 1, 'it is the client that pauses')
  receiver.controller?.resume()
  await clock.advance(1_000)
  t.equal(another.running, 1)
  await clock.advance(2_000)
  t.match((await halfway).error, { code: 'UND_ERR_BODY_TIMEOUT' })
})

t.test('timeouts of 0 are none', async t => {
  const { port } = await http2Server(t, stream => stream.respond({ ':status': 200 }))
  const clock = testClock()
  const { connection } = await open(t, port, { clock, headersTimeout: 0, bodyTimeout: 0 })
  const receiver = new Receiver()
  void send(connection, {}, receiver)
  await until(() => receiver.outcome.status === 200)
  await clock.advance(3_600_000)
  t.equal(connection.running, 1)
})

t.test('a slow reader gets all, and no more than its window waits for it', async t => {
  const SIZE = 4 * 1024 * 1024
  let written = 0
  const { port } = await http2Server(t, stream => {
    stream.respond({ ':status': 200 })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const write = () => {
      while (written < SIZE) {
        written += chunk.length
        if (!stream.write(chunk)) return stream.once('drain', write)
      }
      return stream.end()
    }
    write()
  })
  const { connection } = await open(t, port)
  const receiver = new Receiver()
  const slow = send(connection, {}, receiver)
  await until(() => receiver.outcome.body.length > 0)
  receiver.controller?.pause()
  t.ok(receiver.controller?.paused)
  const before = receiver.outcome.body.length
  let last = -1
  await until(() => {
    const isStill = last === written
    last = written
    return isStill
  })
  t.ok(written < SIZE, `${written} of ${SIZE} were sent`)
  t.equal(receiver.outcome.body.length, before)
  receiver.controller?.resume()
  receiver.controller?.resume()
  t.equal((await slow).body.length, SIZE)
})

t.test('a response that is complete is not lost with its connection while its client pauses', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, goaway, socket }) => {
    head(stream, [':status', '200'])
    for (let number = 0; number < 10; number++) data(stream, 'x'.repeat(10_000))
    data(stream, 'end', FLAG.end)
    goaway(stream)
    socket.end()
  })
  const { connection, socket } = await open(t, port)
  const receiver = new Receiver()
  receiver.onResponseStart = controller => controller.pause()
  const sent = send(connection, {}, receiver)
  await until(() => socket.destroyed)
  t.equal(receiver.outcome.body, '')
  const data = receiver.onResponseData.bind(receiver)
  let isFirst = true
  receiver.onResponseData = (controller, chunk) => {
    data(controller, chunk)
    if (isFirst) controller.pause()
    isFirst = false
  }
  receiver.controller?.resume()
  receiver.controller?.resume()
  const { body, error } = await sent
  t.equal(error, undefined)
  t.equal(body.length, 100_003)
})

t.test('an upload waits for an upstream that is slow to read it', async t => {
  let got = 0
  let go = () => {}
  const { port } = await http2Server(t, stream => {
    stream.pause()
    stream.on('data', (chunk: Buffer) => {
      got += chunk.length
    })
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end()
    })
    go = () => stream.resume()
  })
  const { connection } = await open(t, port)
  let read = 0
  const SIZE = 200
  const body = new Readable({
    read() {
      this.push(read++ < SIZE ? Buffer.alloc(64 * 1024) : null)
    },
  })
  const sent = send(connection, { method: 'POST', body })
  let last = -1
  await until(() => {
    const isStill = last === read && read > 0
    last = read
    return isStill
  })
  t.ok(read < SIZE / 2, `${read} of ${SIZE}`)
  go()
  t.equal((await sent).status, 200)
  t.equal(got, SIZE * 64 * 1024)
})

t.test('what a handler throws ends its request', async t => {
  const { port } = await http2Server(t, stream => {
    stream.respond({ ':status': 200 })
    stream.write('half')
    stream.end('whole')
  })
  const { connection } = await open(t, port)
  for (const event of ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'] as const) {
    const receiver = new Receiver()
    receiver[event] = () => {
      throw new Error(event)
    }
    t.equal((await send(connection, {}, receiver)).error?.message, event)
  }
  t.equal(connection.running, 0)
  t.equal((await send(connection)).body, 'halfwhole')
})

t.test('a handler that aborts before the request is sent has nothing sent', async t => {
  const { port, connections } = await rawHttp2(t, certified, (stream, { head }) =>
    head(stream, [':status', '200'], FLAG.end),
  )
  const { connection } = await open(t, port)
  const receiver = new Receiver()
  receiver.onRequestStart = controller => controller.abort(new Error('too late'))
  t.equal((await send(connection, {}, receiver)).error?.message, 'too late')
  t.equal((await send(connection)).status, 200)
  t.equal(connections[0]?.frames.filter(({ type }) => type === FRAME.headers).length, 1)
})

t.test('a retired connection finishes what runs and closes, whether the upstream closes or not', async t => {
  let answer = () => {}
  const { port } = await rawHttp2(t, certified, (stream, { head, socket }) => {
    socket.allowHalfOpen = true
    answer = () => head(stream, [':status', '200'], FLAG.end)
  })
  const { connection, closed, socket } = await open(t, port)
  const running = send(connection)
  await until(() => String(answer) !== '() => {}')
  connection.retire()
  t.equal(connection.capacity, 0)
  t.match((await send(connection)).error, { name: 'UnprocessedError' })
  answer()
  t.equal((await running).status, 200)
  await closed
  await until(() => socket.destroyed)
  const idle = await open(t, port)
  idle.connection.retire()
  await idle.closed
  t.pass('at once if it is idle')
})

t.test('destroying a connection fails what runs', async t => {
  const { port } = await http2Server(t, () => {})
  const { connection, closed, socket } = await open(t, port)
  const running = send(connection)
  connection.destroy()
  t.match((await running).error, { code: 'UND_ERR_DESTROYED' })
  await closed
  t.ok(socket.destroyed)
  connection.destroy()
})

t.test('a connection on which nothing arrives any more is closed', async t => {
  const { port, connections } = await rawHttp2(t, certified, (_stream, { data }) => data(0, 'of no stream'))
  const clock = testClock()
  const { connection, closed } = await open(t, port, { clock })
  const sent = send(connection)
  await until(() => connections[0]?.frames.some(({ type }) => type === FRAME.goaway) ?? false)
  for (let number = 0; number < 3; number++) await clock.advance(10_000)
  // newer versions of Node.js notice the fault themselves
  t.match((await sent).error, { code: /^(UND_ERR_SOCKET|ERR_HTTP2_ERROR)$/ })
  await closed
})

t.test('a request that cannot be sent is over at once', async t => {
  const { port, connections } = await rawHttp2(t, certified, () => {})
  const { connection, socket, closed } = await open(t, port)
  t.match((await send(connection, { headers: ['x y', '1'] })).error, { code: 'ERR_INVALID_HTTP_TOKEN' })
  t.match((await send(connection, { headers: ['x', 'a\nb'] })).error, { code: 'ERR_INVALID_CHAR' })
  t.ok(connection.capacity > 0)
  connections[0]?.socket.end()
  await until(() => !socket.writable)
  t.match((await send(connection)).error, { name: 'UnprocessedError' })
  await closed
})

t.test('values of a name that Node.js sends once are joined', async t => {
  let seen: unknown
  const { port } = await http2Server(t, (stream, headers) => {
    seen = headers['user-agent']
    stream.respond({ ':status': 200 }, { endStream: true })
  })
  const { connection } = await open(t, port)
  t.equal((await send(connection, { headers: ['user-agent', 'a', 'User-Agent', 'b', 'x-a', '1'] })).status, 200)
  t.equal(seen, 'a, b')
})

t.test('a head that Node.js does not send was not processed', async t => {
  const { port } = await http2Server(t, stream => stream.respond({ ':status': 200 }, { endStream: true }))
  const { connection, closed } = await open(t, port)
  const headers = ['x-large', 'x'.repeat(70_000)]
  t.match((await send(connection, { headers })).error, { name: 'UnprocessedError' })
  await closed
})

t.test('parts of an upload count as progress', async t => {
  const { port } = await rawHttp2(t, certified, () => {})
  const clock = testClock()
  const { connection } = await open(t, port, { clock, headersTimeout: 1_000 })
  const body = new Readable({ read() {} })
  const sent = send(connection, { method: 'POST', body })
  await clock.advance(900)
  const arrived = new Promise(resolve => body.once('data', resolve))
  body.push('part')
  await arrived
  await clock.advance(900)
  t.equal(connection.running, 1)
  await clock.advance(200)
  t.match((await sent).error, { code: 'UND_ERR_HEADERS_TIMEOUT' })
  t.ok(body.destroyed)
})

t.test('what is still to be uploaded does not hide an early answer', async t => {
  const { port } = await rawHttp2(t, certified, (stream, { head, data, reset, socket }) => {
    socket.cork()
    head(stream, [':status', '413'])
    data(stream, 'too large', FLAG.end)
    reset(stream, 0)
    socket.uncork()
  })
  const { connection } = await open(t, port)
  const body = new Readable({ read() {} })
  const receiver = new Receiver()
  const later = receiver.onResponseData.bind(receiver)
  receiver.onResponseData = (controller, chunk) => {
    later(controller, chunk)
    process.nextTick(() => body.push('late'))
  }
  t.match(await send(connection, { method: 'POST', body }, receiver), { status: 413, body: 'too large' })
  t.equal(receiver.outcome.error, undefined)
})

t.test('an upstream that takes its time is only asked whether it is there', async t => {
  const { port, server } = await http2Server(t, () => {})
  let pings = 0
  server.on('session', session => session.on('ping', () => pings++))
  const clock = testClock()
  const { connection, socket } = await open(t, port, { clock })
  const sent = send(connection)
  await until(() => connection.capacity > 9)
  await clock.advance(10_000)
  void send(connection)
  for (let expected = 1; expected < 4; expected++) {
    const before = socket.bytesRead
    await clock.advance(10_000)
    await until(() => pings === expected && socket.bytesRead > before)
    await clock.advance(10_000)
  }
  t.equal(connection.running, 2)
  await clock.advance(120_000)
  t.match((await sent).error, { code: 'UND_ERR_HEADERS_TIMEOUT' })
})
