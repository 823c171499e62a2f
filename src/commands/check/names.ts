import { lookup } from 'node:dns/promises'
import { bareHost } from '../../http/host.ts'
import { type Clock, DeadlineError, withDeadline } from '../../kernel/clock.ts'
import type { Api } from '../../stacks/resolve.ts'
import { explainNetworkError } from '../../upstream/network-error.ts'
import { bad, good, type Step } from './finding.ts'
import type { Way } from './outbound.ts'

const LABEL = 'DNS'

/** Gives the addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Resolves as connections do: by way of the operating system. */
export const systemResolve: Resolve = async name => (await lookup(name, { all: true })).map(({ address }) => address)

/** What a lookup is done with. */
export interface Resolving {
  readonly resolve: Resolve
  readonly clock: Clock
  /** Milliseconds. */
  readonly timeout: number
}

/** Looks up the API's host, for the same way on; an outbound proxy does it by itself. */
export async function lookUp({ origin }: Api, way: Way, { resolve, clock, timeout }: Resolving): Promise<Step<Way>> {
  const name = bareHost(new URL(origin).hostname)
  if (way.proxy) {
    return { finding: { label: LABEL, mark: 'skipped', text: `the outbound proxy resolves ${name}` }, value: way }
  }
  return withDeadline(clock, timeout, undefined, () => resolve(name)).then(
    addresses => good(LABEL, `${name} is ${addresses.join(', ')}`, way),
    error => bad(LABEL, explain(error, name)),
  )
}

function explain(error: unknown, name: string): string {
  if (!(error instanceof DeadlineError)) return explainNetworkError(error, name).detail
  return `No DNS server answered for ${name} in time: check this machine's network and DNS settings`
}
