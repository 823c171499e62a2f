import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'

/**
 * An outbound proxy by way of which the vendor's hosts are at another address: what asks it for a connection to any of
 * them gets one to `url`. Gives its own URL; it ends with the test.
 */
export async function outboundTo(t: Test, url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const server = createServer().on('connect', (_request, client) => {
    const host = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    client.on('error', () => host.destroy()).pipe(host)
    host.on('error', () => client.destroy()).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
