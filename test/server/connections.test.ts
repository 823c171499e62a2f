import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Connections } from '../../src/server/connections.ts'
import { testClock } from '../support/clock.ts'
import { dial } from '../support/http.ts'
import { until } from '../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** A server whose responses the test controls, and a client's connection to it. */
async function start(t: Test, watched: (server: Server) => Server = server => server) {
  const responses: ServerResponse[] = []
  const endings: EndController[] = []
  const server = createServer((_request, response) => {
    const ending = new EndController('over')
    responses.push(response)
    endings.push(ending)
    connections.watch(response, ending)
  })
  const connections = new Connections(watched(server), { clock: testClock(), max: () => 100 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const client = dial(port)
  t.teardown(() => client.destroy())
  const arrived = (count: number) => until(() => responses.length === count)
  return { connections, responses, endings, client, arrived }
}

t.test('a response is running until it is complete', async t => {
  const { connections, responses, endings, client, arrived } = await start(t)
  client.write(GET)
  await arrived(1)
  const [socket] = [responses[0]?.req.socket]
  t.same([...connections.running()].length, 1)
  t.equal(socket && connections.latestOn(socket), responses[0])
  t.same([...connections.quiet()], [])
  responses[0]?.end()
  await until(() => endings[0]?.aborted === true)
  t.same([...connections.running()], [])
  t.equal(socket && connections.latestOn(socket), undefined)
  t.same([...connections.quiet()], [socket])
})

t.test('all responses of a connection end with it, even those that wait for earlier ones', async t => {
  const { connections, responses, endings, client, arrived } = await start(t)
  client.write(GET + GET + GET)
  await arrived(3)
  const socket = responses[0]?.req.socket
  t.equal(socket && connections.latestOn(socket), responses[2])
  client.destroy()
  await until(() => endings.every(({ aborted }) => aborted))
  t.same([...connections.running()], [])
  t.same([...connections.quiet()], [])
})

t.test('a response on an unknown or closed connection is over', async t => {
  const { endings, client, arrived } = await start(t, () => createServer())
  client.write(GET)
  await arrived(1)
  t.equal(endings[0]?.aborted, true)
})
