import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'

/** An outbound proxy that runs until the test ends. */
export interface OutboundProxy {
  /** Its host and port. */
  readonly address: string
  /** What it was asked: a line with `CONNECT host:port` for each tunnel. */
  log(): string
}

/** An outbound proxy that leads where it is asked to, once it was shown `login` (`user:password`) where that is given. */
export async function startOutbound(t: Test, login?: string): Promise<OutboundProxy> {
  const asked: string[] = []
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
  const address = await listen(t, ({ url, headers }) => {
    asked.push(`CONNECT ${url}`)
    return headers['proxy-authorization'] === wanted ? new URL(`http://${url}`) : undefined
  })
  return { address, log: () => asked.join('\n') }
}

/**
 * An outbound proxy by way of which the vendor's hosts are at another address: what asks it for a connection to any of
 * them gets one to `url`. Gives its own URL; it ends with the test.
 */
export async function outboundTo(t: Test, url: string): Promise<string> {
  return `http://${await listen(t, () => new URL(url))}`
}

/** A proxy for CONNECT, at the address that it gives; what leads nowhere is answered 407. */
async function listen(t: Test, leadsTo: (request: IncomingMessage) => URL | undefined): Promise<string> {
  const server = createServer().on('connect', (request, client) => {
    client.on('error', () => {})
    const target = leadsTo(request)
    if (!target) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const host = connect(Number(target.port), target.hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    client.on('error', () => host.destroy()).pipe(host)
    host.on('error', () => client.destroy()).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
