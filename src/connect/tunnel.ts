import { lookup } from 'node:dns'
import { lookup as lookUp } from 'node:dns/promises'
import { connect, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../config/config.ts'
import { proxyFor } from '../config/outbound.ts'
import { bareHost } from '../kernel/bare-host.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'
import { explainNetworkError } from '../kernel/network-error.ts'
import { Problem } from '../problem/problem.ts'
import { connectThrough } from '../upstream/outbound-proxy.ts'
import type { Trust } from '../upstream/trust.ts'
import { type Authority, httpsHost } from './authority.ts'

/**
 * How long it may take to find out whether a name leads here where an outbound proxy on this machine leads there, in
 * milliseconds: it knows names as this machine does, unless it asks yet another proxy, and no name server answers here.
 */
const LOOKUP_PATIENCE = 2_000

/** A tunnel in which nothing was said for so long is closed, in milliseconds. */
const IDLE = 10 * 60_000

export interface TunnelOptions {
  readonly upstream: Pick<Config['upstream'], 'outbound' | 'connectTimeout'>
  readonly clock: Clock
  /** Whom to trust where an outbound proxy speaks TLS. */
  readonly trust: Trust
  /** Whether a name or address is one to which no tunnel leads. */
  isOwn(host: string): boolean
}

/**
 * Opens a connection to a host, by way of the outbound proxy if one leads there.
 * @throws {Problem} `host-not-allowed` for this machine itself; `upstream-unreachable` and the like
 */
export async function openTunnel(
  authority: Authority,
  { upstream, clock, trust, isOwn }: TunnelOptions,
): Promise<Duplex> {
  const host = bareHost(authority.host)
  // whatever the way, which an outbound proxy on this machine may be
  if (isOwn(host)) throw toItself()
  const proxy = proxyFor(new URL(`https://${httpsHost(authority)}`), upstream.outbound)
  const leadsHere = (name: string) => leadsTo(isOwn, name, clock)
  if (proxy && (await leadsHere(bareHost(proxy.hostname))) && (await leadsHere(host))) throw toItself()
  try {
    const timeout = upstream.connectTimeout
    if (proxy) return await connectThrough(proxy, authority, { clock, timeout, trust })
    return await withDeadline(clock, timeout, undefined, signal => directly(authority, signal, isOwn))
  } catch (error) {
    if (error instanceof Problem) throw error
    const { nature, detail } = explainNetworkError(error, httpsHost(authority))
    throw new Problem(`upstream-${nature}`, detail, { cause: error })
  }
}

/** How a tunnel ended: both sides were done, one broke off, or neither had anything to say. */
export type TunnelEnd = 'tunnelled' | 'aborted' | 'idle'

/** Passes on what each side says, until one of them ends or neither has spoken for {@link IDLE}; gives how it ended. */
export async function join(client: Socket, host: Duplex, clock: Clock): Promise<TunnelEnd> {
  let before = -1
  let isIdle = false
  const look = () => {
    const said = client.bytesRead + client.bytesWritten
    isIdle = said === before
    if (isIdle) client.destroy()
    before = said
    timer = clock.setTimeout(look, IDLE)
  }
  let timer = clock.setTimeout(look, IDLE)
  const ends = await Promise.allSettled([pipeline(client, host), pipeline(host, client)])
  clock.clearTimeout(timer)
  if (isIdle) return 'idle'
  return ends.every(({ status }) => status === 'fulfilled') ? 'tunnelled' : 'aborted'
}

function directly({ host, port }: Authority, signal: AbortSignal, isOwn: TunnelOptions['isOwn']): Promise<Socket> {
  const lookup = lookupOf(isOwn)
  return new Promise((resolve, reject) => {
    // so that all addresses of a name are asked for, whatever Node.js was told
    const socket = connect({ host: bareHost(host), port, lookup, signal, autoSelectFamily: true, allowHalfOpen: true })
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket.off('error', reject)))
  })
}

/** Whether a host is one of those, or a name of one as far as is known here. */
async function leadsTo(isOne: (host: string) => boolean, host: string, clock: Clock): Promise<boolean> {
  if (isOne(host)) return true
  const found = await withDeadline(clock, LOOKUP_PATIENCE, undefined, () => lookUp(host, { all: true })).catch(() => [])
  return found.some(({ address }) => isOne(address))
}

/** A name may lead to this machine, too. */
function lookupOf(isOwn: TunnelOptions['isOwn']): LookupFunction {
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses = []) => {
      done(error ?? (addresses.some(({ address }) => isOwn(address)) ? toItself() : null), addresses)
    })
  }
}

function toItself(): Problem {
  return new Problem('host-not-allowed', 'No tunnel leads to this machine itself')
}
