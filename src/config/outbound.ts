import type { Environment } from './environment.ts'
import type { Fault } from './fault.ts'
import type { Settings } from './schema.ts'
import { attempt } from './setting.ts'
import { readProxyUrl } from './values.ts'

const HTTPS_PORT = 443

/** The proxy by which https upstreams are reached. */
export interface OutboundProxy {
  readonly url: string
  /** Where it was given: `upstream.proxy`, or the name of a variable. */
  readonly origin: string
  /** The hosts that are reached without it, as `NO_PROXY` names them. */
  readonly noProxy: string
}

/** The outbound proxy of `upstream.proxy`, else of `HTTPS_PROXY`; null without either. */
export async function readOutboundProxy(
  { proxy }: Settings['upstream'],
  env: Environment,
  faults: Fault[],
): Promise<OutboundProxy | null> {
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? ''
  if (proxy !== null) return { url: proxy, origin: 'upstream.proxy', noProxy }
  // in curl's order; an empty variable in lower case hides the other
  const origin = env.https_proxy === undefined ? 'HTTPS_PROXY' : 'https_proxy'
  const value = env[origin]
  if (!value) return null
  const url = await attempt({ group: null, key: 'upstream.proxy', value, origin }, faults, () => readProxyUrl(value))
  return url === undefined ? null : { url, origin, noProxy }
}

/** The outbound proxy that leads to an API, if one does. An http API is on this machine. */
export function proxyFor(api: URL, outbound: OutboundProxy | null): URL | null {
  if (outbound === null || api.protocol === 'http:' || isExempt(api, outbound.noProxy)) return null
  return new URL(outbound.url)
}

/** Whether `NO_PROXY` exempts an address: names, with all below them, and a port if one is given; `*` alone for every host. */
export function isExempt({ hostname, port }: URL, noProxy: string): boolean {
  if (noProxy === '*') return true
  const ownPort = Number(port || HTTPS_PORT)
  const entries = noProxy.split(/[,\s]/).filter(entry => entry !== '')
  return entries.some(entry => {
    const [, name = entry, entryPort = ownPort] = /^(.+):(\d+)$/.exec(entry) ?? []
    const bare = name.replace(/^\*?\./, '').toLowerCase()
    return Number(entryPort) === ownPort && (hostname === bare || hostname.endsWith(`.${bare}`))
  })
}
