import type { Config } from '../../config/config.ts'
import { proxyFor } from '../../config/network/outbound.ts'
import type { Api } from '../../stacks/resolve.ts'
import { good, type Step } from './finding.ts'

/** The route to the API: through an outbound proxy, or directly if `proxy` is null. */
export interface Way {
  readonly proxy: URL | null
}

const LABEL = 'outbound proxy'
const DIRECT: Way = { proxy: null }

/**
 * Finds the route that the agents take to an API: through the outbound proxy, unless `NO_PROXY` exempts the host. An
 * http API is on this machine, so it is never reached through a proxy.
 */
export function findWay({ origin }: Api, { outbound }: Config['upstream']): Step<Way> {
  const url = new URL(origin)
  if (url.protocol === 'http:') return good(LABEL, 'none: the API is on this machine', DIRECT)
  if (outbound === null) return good(LABEL, 'none: direct connections', DIRECT)
  const shown = `${masked(new URL(outbound.url))}, from ${outbound.origin}`
  const proxy = proxyFor(url, outbound)
  return good(LABEL, proxy ? shown : `none: NO_PROXY exempts ${url.hostname} from ${shown}`, { proxy })
}

/**
 * Formats a proxy's URL with user and password hidden. The user is hidden too, because a user without a password may be
 * a token.
 */
function masked({ protocol, username, password, host }: URL): string {
  return `${protocol}//${username || password ? '***@' : ''}${host}`
}
