import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startCli } from '../support/process.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** Enough to start with, and to have some connections. */
const LIMIT = 64

const KEY = { PC_IDENTITY: 'id', PC_SECRET: 'secret' }

/** Sends a request on a connection, and gives the answer; undefined where the other side closed it instead. */
async function ask(socket: Socket, request: string): Promise<string | undefined> {
  const heard = once(socket, 'data').then(([data]) => `${data}`)
  socket.write(`${request}\r\nhost: localhost\r\n\r\n`)
  return Promise.race([heard, once(socket, 'close').then(() => undefined)]).catch(() => undefined)
}

/** Opens connections that are served until no more are. */
async function exhaust(t: Test, port: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    t.teardown(() => socket.destroy())
    if (!(await ask(socket, 'GET /_proxy/livez HTTP/1.1'))) return sockets
    sockets.push(socket)
  }
}

t.test('where no file can be opened any more, a POST is known not to have been sent', { timeout: 60_000 }, async t => {
  const { url, requests } = await rawUpstream(t, request => {
    if (request.target !== '/held') request.answer(http('200 OK', [], 'ok'))
  })
  const alerts = () => requests.filter(({ target }) => target === '/v2/alert')
  const few = ['sh', '-c', `ulimit -n ${LIMIT} && exec "$@"`, 'sh']
  const env = { PC_URL: url, ...KEY, PRISMACLOUD_PROXY_LOG_LEVEL: 'debug' }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], env, few)
  const [, port] = await cli.until(/listening at http:\S+:(\d+)"/)
  // the last that it does by itself, for which it needs a file
  await cli.until(/cannot tell when the access key expires/)
  const [first, second] = (await exhaust(t, Number(port))) as [Socket, Socket]
  // they take the connections that are ready
  second.write('GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(4))
  await until(() => requests.length > 0)
  const answer = `${await ask(first, 'POST /v2/alert HTTP/1.1\r\ncontent-length: 0')}`
  t.match(answer, /^HTTP\/1\.1 502 /)
  t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), {
    type: '/_proxy/problems/upstream-unreachable',
    detail: /too many open files \(EMFILE\); raise the limit \(ulimit -n/,
    retryable: true,
  })
  t.strictSame(alerts(), [])
  second.destroy()
  await once(second, 'close')
  for (;;) if (/^HTTP\/1\.1 200 /.test(`${await ask(first, 'GET /v2/alert HTTP/1.1')}`)) break
  t.equal(alerts().length, 1)
})
