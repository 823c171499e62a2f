import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type OutboundProxy, proxyFor } from '../config/network/outbound.ts'
import { bareHost } from '../http/host.ts'
import { type HostPort, httpsHost } from '../http/host-port.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { Agents } from '../upstream/agent.ts'
import type { Lookup } from '../upstream/connection/dial.ts'
import { explainNetworkError } from '../upstream/network-error.ts'

/**
 * How long it may take to find out whether a name leads here where an outbound proxy on this machine leads there, in
 * milliseconds: it knows names as this machine does, unless it asks yet another proxy, and no name server answers here.
 */
const LOOKUP_PATIENCE = 2_000

/** A tunnel in which nothing was said for so long is closed, in milliseconds. */
const IDLE = 10 * 60_000

export interface TunnelOptions {
  readonly outbound: OutboundProxy | null
  readonly clock: Clock
  readonly lookup: Lookup
  readonly open: Agents['open']
  /** Whether a name or address is one to which no tunnel leads. */
  isOwn(host: string): boolean
}

/**
 * Opens a connection to a host, by way of the outbound proxy if one leads there.
 * @throws {Problem} `host-not-allowed` for this machine itself; `upstream-unreachable` and the like
 */
export async function openTunnel(authority: HostPort, options: TunnelOptions): Promise<Duplex> {
  const { outbound, open, isOwn } = options
  const host = bareHost(authority.host)
  // whatever the way, which an outbound proxy on this machine may be
  if (isOwn(host)) throw toItself()
  const proxy = proxyFor(new URL(`https://${httpsHost(authority)}`), outbound)
  if (proxy && (await leadsHere(bareHost(proxy.hostname), options)) && (await leadsHere(host, options)))
    throw toItself()
  try {
    return await open(authority, { allowHalfOpen: true, lookup: elsewhere(options) })
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Problem) throw error.cause
    const { nature, maybeSent, detail } = explainNetworkError(error, httpsHost(authority))
    throw new Problem(`upstream-${nature}`, detail, { cause: error, retryable: !maybeSent })
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

/** Whether a host is this machine, or a name of it as far as is known here. */
async function leadsHere(host: string, { clock, lookup, isOwn }: TunnelOptions): Promise<boolean> {
  if (isOwn(host)) return true
  const addresses = await withDeadline(clock, LOOKUP_PATIENCE, undefined, () => lookup(host)).catch(() => [])
  return addresses.some(({ address }) => isOwn(address))
}

/** Looks names up that do not lead to this machine. */
function elsewhere({ lookup, isOwn }: TunnelOptions): Lookup {
  return async name => {
    const addresses = await lookup(name)
    if (addresses.some(({ address }) => isOwn(address))) throw toItself()
    return addresses
  }
}

function toItself(): Problem {
  return new Problem('host-not-allowed', 'No tunnel leads to this machine itself')
}
