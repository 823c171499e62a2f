import type { Config } from '../../config/config.ts'
import type { Target } from '../../stacks/resolve.ts'
import { good, type Step } from './finding.ts'

/** How the API is reached: by an outbound proxy, or directly. */
export interface Way {
  readonly proxy: URL | null
}

const LABEL = 'outbound proxy'
const DIRECT: Way = { proxy: null }
const HTTPS_PORT = 443

/**
 * The way to an API: by the outbound proxy, unless `NO_PROXY` exempts the host; the same that the agent takes. An http API
 * is on this machine, and no proxy leads to it.
 */
export function findWay({ api }: Target, { outbound }: Config['upstream']): Step<Way> {
  const url = new URL(api)
  if (url.protocol === 'http:') return good(LABEL, 'none: the API is on this machine', DIRECT)
  if (outbound === null) return good(LABEL, 'none: direct connections', DIRECT)
  const proxy = new URL(outbound.url)
  const shown = `${masked(proxy)}, from ${outbound.origin}`
  if (isExempt(url, outbound.noProxy)) {
    return good(LABEL, `none: NO_PROXY exempts ${url.hostname} from ${shown}`, DIRECT)
  }
  return good(LABEL, shown, { proxy })
}

/** A user without a password may be a token, so neither is shown. */
function masked({ protocol, username, password, host }: URL): string {
  return `${protocol}//${username || password ? '***@' : ''}${host}`
}

/** `NO_PROXY` as undici reads it: names, with all below them, and a port if one is given; `*` alone for every host. */
function isExempt({ hostname, port }: URL, noProxy: string): boolean {
  if (noProxy === '*') return true
  const ownPort = Number(port || HTTPS_PORT)
  const entries = noProxy.split(/[,\s]/).filter(entry => entry !== '')
  return entries.some(entry => {
    const [, name = entry, entryPort = ownPort] = /^(.+):(\d+)$/.exec(entry) ?? []
    const bare = name.replace(/^\*?\./, '').toLowerCase()
    return Number(entryPort) === ownPort && (hostname === bare || hostname.endsWith(`.${bare}`))
  })
}
