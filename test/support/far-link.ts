import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import { Delay } from './delay.ts'

const HOST = '127.0.0.1'

/**
 * How many bytes of one direction of a connection may be under way: so many that bodies of ten megabytes never wait for
 * round trips, and few enough that nobody who reads slowly has the link fill the memory.
 */
const MOST_UNDER_WAY = 16 * 1024 * 1024

/** How a link differs from the default. */
export interface FarLinkOptions {
  /** Milliseconds. Default: 80, which is about that from one coast of a continent to the other. */
  readonly roundTrip?: number
  readonly clock?: Clock
}

/** A way to a server as if that were far away. */
export interface FarLink {
  /** Where to connect, at 127.0.0.1, to come out at the server. */
  readonly port: number
  /** Stops listening and closes all connections. */
  close(): Promise<void>
}

/**
 * Starts a link to a port of 127.0.0.1. It passes on bytes, ends and resets half a round trip after they came, in order,
 * and as many at once as come. A connection takes a round trip to open: a client's system says at once that it is open, so
 * what the client sends meanwhile waits until it would have been.
 */
export async function startFarLink(
  target: number,
  { roundTrip = 80, clock = systemClock }: FarLinkOptions = {},
): Promise<FarLink> {
  const connections = new Set<() => void>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, near => {
    const far = new Socket({ allowHalfOpen: true }).setNoDelay(true)
    const there = new Delay(clock, roundTrip / 2, roundTrip)
    const back = new Delay(clock, roundTrip / 2)
    const close = () => {
      for (const each of [there, back]) each.cancel()
      for (const each of [near, far]) each.destroy()
    }
    connections.add(close)
    there.add(() => far.connect(target, HOST))
    pass(near, far, there)
    pass(far, near, back)
    far.on('close', () => near.closed && connections.delete(close))
    near.on('close', () => far.closed && connections.delete(close))
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const close of connections) close()
      await closed
    },
  }
}

/** Passes on what comes from one end of a connection to the other, as late as `delay` says. */
function pass(from: Socket, to: Socket, delay: Delay): void {
  let underWay = 0
  const arrive = (bytes: number) => {
    underWay -= bytes
    if (underWay <= MOST_UNDER_WAY && from.isPaused()) from.resume()
  }
  from.on('data', (chunk: Buffer) => {
    underWay += chunk.length
    if (underWay > MOST_UNDER_WAY) from.pause()
    delay.add(() => to.write(chunk, () => arrive(chunk.length)))
  })
  from.on('end', () => delay.add(() => to.end()))
  from.on('error', () => delay.add(() => to.resetAndDestroy()))
}
