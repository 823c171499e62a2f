import { lookup } from 'node:dns/promises'
import { bareHost } from '../../http/host.ts'
import { type Clock, DeadlineError, withDeadline } from '../../kernel/clock.ts'
import type { Api } from '../../stacks/resolve.ts'
import { explainNetworkError } from '../../upstream/network-error.ts'
import { bad, good, type Step } from './finding.ts'
import type { Way } from './outbound.ts'

const LABEL = 'DNS'

/** Resolves a host name to its IP addresses. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Resolves through the operating system, as connections do. */
export const systemResolve: Resolve = async name => (await lookup(name, { all: true })).map(({ address }) => address)

/** How {@link lookUp} resolves a name. */
export interface Resolving {
  readonly resolve: Resolve
  readonly clock: Clock
  /** The longest time that a lookup may take, in milliseconds. */
  readonly timeout: number
}

/**
 * Resolves the API's host name and returns `way` for the next step. Skipped if there is an outbound proxy, which
 * resolves names itself.
 */
export async function lookUp({ origin }: Api, way: Way, { resolve, clock, timeout }: Resolving): Promise<Step<Way>> {
  const name = bareHost(new URL(origin).hostname)
  if (way.proxy) {
    return { finding: { label: LABEL, mark: 'skipped', text: `the outbound proxy resolves ${name}` }, value: way }
  }
  return withDeadline(clock, timeout, undefined, () => resolve(name)).then(
    addresses => good(LABEL, `${name} resolves to ${addresses.join(', ')}`, way),
    error => bad(LABEL, explain(error, name)),
  )
}

function explain(error: unknown, name: string): string {
  if (!(error instanceof DeadlineError)) return explainNetworkError(error, name).detail
  return `no DNS server answered for ${name} in time; check the network and DNS settings of this machine`
}
