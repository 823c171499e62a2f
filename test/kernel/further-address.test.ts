import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { SecondListener } from '../../src/kernel/further-address.ts'
import { failureOf } from './failure-of.ts'

/** An address that no machine has (RFC 3849). */
const NOWHERE = '2001:db8::1'

const [HOST, ALSO] = ['127.0.0.1', '127.0.0.2']

/** An echo server and its second listener. */
function twoDoors(t: Test) {
  const server = createServer({ allowHalfOpen: true }, socket => socket.on('error', () => {}).pipe(socket))
  const further = new SecondListener(server, { allowHalfOpen: true })
  t.teardown(() => {
    server.close()
    return further.close()
  })
  const listen = async (at: { host: string; port: number }) => {
    await once(server.listen(at), 'listening')
    return portOf(server)
  }
  return { server, further, listen }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** The echo from an address. */
async function echo(host: string, port: number): Promise<string> {
  const socket = connect({ host, port })
  socket.end(`hello ${host}`)
  let heard = ''
  for await (const chunk of socket) heard += chunk
  return heard
}

t.test('the server gets the connections of both addresses, on one port', async t => {
  const { further, listen } = twoDoors(t)
  const port = await further.beside({ host: HOST, port: 0, also: ALSO }, listen)
  for (const host of [HOST, ALSO]) t.equal(await echo(host, port), `hello ${host}`)
})

t.test('it listens on neither address if one is in use', async t => {
  const taken = createServer().listen(0, ALSO)
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const port = portOf(taken)
  for (const [host, also] of [
    [HOST, ALSO],
    [ALSO, HOST],
  ] as const) {
    const { server, further, listen } = twoDoors(t)
    t.match(await failureOf(further.beside({ host, port, also }, listen)), { code: 'EADDRINUSE' })
    t.notOk(server.listening)
    t.match(await failureOf(echo(HOST, port)), { code: 'ECONNREFUSED' })
  }
})

t.test('with port 0 it finds a port that is free on both addresses', async t => {
  const { further, listen } = twoDoors(t)
  const tried: number[] = []
  const port = await further.beside({ host: HOST, port: 0, also: ALSO }, async at => {
    if (tried.push(at.port) < 3) throw Object.assign(new Error(), { code: 'EADDRINUSE' })
    return listen(at)
  })
  t.equal(port, tried[2])
  for (const host of [HOST, ALSO]) t.equal(await echo(host, port), `hello ${host}`)
  let tries = 0
  const never = async () => {
    tries++
    throw Object.assign(new Error(), { code: 'EADDRINUSE' })
  }
  t.match(await failureOf(twoDoors(t).further.beside({ host: HOST, port: 0, also: ALSO }, never)), {
    code: 'EADDRINUSE',
  })
  t.equal(tries, 10)
})

t.test('an error that another port would not avoid is reported at once', async t => {
  const refused = async () => {
    throw Object.assign(new Error(), { code: 'EACCES' })
  }
  t.match(await failureOf(twoDoors(t).further.beside({ host: HOST, port: 0, also: ALSO }, refused)), { code: 'EACCES' })
})

t.test('without the second address on this machine, the first is enough', async t => {
  const { further, listen } = twoDoors(t)
  const port = await further.beside({ host: HOST, port: 0, also: NOWHERE }, listen)
  t.equal(await echo(HOST, port), `hello ${HOST}`)
  const other = twoDoors(t)
  t.equal(await echo(HOST, await other.further.beside({ host: HOST, port: 0 }, other.listen)), `hello ${HOST}`)
})

t.test('close() stops accepting and waits for accepted connections', async t => {
  const { further, listen } = twoDoors(t)
  const port = await further.beside({ host: HOST, port: 0, also: ALSO }, listen)
  const socket = connect({ host: ALSO, port })
  socket.write('first')
  await once(socket, 'data')
  let isClosed = false
  const closed = further.close().then(() => {
    isClosed = true
  })
  t.match(await failureOf(echo(ALSO, port)), { code: 'ECONNREFUSED' })
  t.notOk(isClosed)
  socket.end()
  await closed
})
