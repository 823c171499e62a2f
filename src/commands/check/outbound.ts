import type { Config } from '../../config/config.ts'
import { proxyFor } from '../../config/network/outbound.ts'
import type { Api } from '../../stacks/resolve.ts'
import { good, type Step } from './finding.ts'

/** How the API is reached: by an outbound proxy, or directly. */
export interface Way {
  readonly proxy: URL | null
}

const LABEL = 'outbound proxy'
const DIRECT: Way = { proxy: null }

/**
 * The way to an API: by the outbound proxy, unless `NO_PROXY` exempts the host; the same that the agent takes. An http API
 * is on this machine, and no proxy leads to it.
 */
export function findWay({ origin }: Api, { outbound }: Config['upstream']): Step<Way> {
  const url = new URL(origin)
  if (url.protocol === 'http:') return good(LABEL, 'none: the API is on this machine', DIRECT)
  if (outbound === null) return good(LABEL, 'none: direct connections', DIRECT)
  const shown = `${masked(new URL(outbound.url))}, from ${outbound.origin}`
  const proxy = proxyFor(url, outbound)
  return good(LABEL, proxy ? shown : `none: NO_PROXY exempts ${url.hostname} from ${shown}`, { proxy })
}

/** A user without a password may be a token, so neither is shown. */
function masked({ protocol, username, password, host }: URL): string {
  return `${protocol}//${username || password ? '***@' : ''}${host}`
}
