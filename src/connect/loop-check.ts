import { type OutboundProxy, proxyFor } from '../config/network/outbound.ts'
import { bareHost } from '../http/host.ts'
import { type HostPort, httpsHost } from '../http/host-port.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { Lookup } from '../upstream/connection/dial.ts'

/**
 * The timeout of the lookup that decides whether an outbound proxy on this machine would lead back to this machine, in
 * milliseconds. Such a proxy usually resolves names as this machine does. If no name server responds in time, the proxy
 * may use a further proxy that resolves them.
 */
const LOOKUP_TIMEOUT = 2_000

/** What the loop check needs to know about this machine and the outbound proxy. */
export interface LoopCheckOptions {
  readonly outbound: OutboundProxy | null
  readonly clock: Clock
  readonly lookup: Lookup
  /** Whether a name, or an address without brackets, is this machine. */
  isSelf(host: string): boolean
}

/**
 * Refuses a tunnel that would lead back to this machine, directly or through an outbound proxy on it. A name that turns
 * out to be this machine only when it is resolved is left to {@link lookupElsewhere}.
 * @throws {Problem} `host-not-allowed`
 */
export async function refuseLoop(target: HostPort, options: LoopCheckOptions): Promise<void> {
  const host = bareHost(target.host)
  if (options.isSelf(host)) throw loop()
  const proxy = proxyFor(new URL(`https://${httpsHost(target)}`), options.outbound)
  if (!proxy || !(await leadsHere(bareHost(proxy.hostname), options))) return
  if (await leadsHere(host, options)) throw loop()
}

/** Makes a lookup that rejects with `host-not-allowed` if a name has an address of this machine. */
export function lookupElsewhere({ lookup, isSelf }: Pick<LoopCheckOptions, 'lookup' | 'isSelf'>): Lookup {
  return async name => {
    const addresses = await lookup(name)
    if (addresses.some(({ address }) => isSelf(address))) throw loop()
    return addresses
  }
}

/** Whether a host is this machine, or a name that resolves to it here. */
async function leadsHere(host: string, { clock, lookup, isSelf }: LoopCheckOptions): Promise<boolean> {
  if (isSelf(host)) return true
  const addresses = await withDeadline(clock, LOOKUP_TIMEOUT, undefined, () => lookup(host)).catch(() => [])
  return addresses.some(({ address }) => isSelf(address))
}

function loop(): Problem {
  return new Problem('host-not-allowed', 'Tunnels to this machine itself are not allowed')
}
