import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Test } from 'tap'

/** Passes connections on to its targets in turn, without looking at what is sent, as a Kubernetes Service does. */
export interface Balancer {
  readonly port: number
  /** The ports that new connections go to, which the test may change at any time. */
  readonly targets: Set<number>
}

/** Starts a balancer that ends with the test. */
export async function startBalancer(t: Test): Promise<Balancer> {
  const targets = new Set<number>()
  let turn = 0
  const server = createServer(client => {
    const port = [...targets][turn++ % targets.size]
    const target = connect({ port: Number(port), host: '127.0.0.1' })
    client.pipe(target).pipe(client)
    client.on('error', () => target.destroy())
    target.on('error', () => client.resetAndDestroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, targets }
}
