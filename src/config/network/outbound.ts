import type { Fault } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import { attempt, type Setting } from '../schema/setting.ts'
import type { Environment } from '../sources/environment.ts'
import { isExempt } from './no-proxy.ts'
import { readProxyUrl } from './proxy-url.ts'

/** The variables that name an outbound proxy for https, in the order in which curl looks at them. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const

/** The proxy by which https upstreams are reached. */
export interface OutboundProxy {
  readonly url: string
  /** Where it was given: `upstream.proxy`, or the name of a variable. */
  readonly origin: string
  /** The hosts that are reached without it, as `NO_PROXY` names them. */
  readonly noProxy: string
}

/** The outbound proxy of `upstream.proxy`, else of `HTTPS_PROXY` and the like; null without any. */
export async function readOutboundProxy(
  { proxy }: Settings['upstream'],
  env: Environment,
  faults: Fault[],
): Promise<OutboundProxy | null> {
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? ''
  if (proxy !== null) return { url: proxy, origin: 'upstream.proxy', noProxy }
  // an empty one hides those behind it, and so means none
  const origin = VARIABLES.find(name => env[name] !== undefined)
  const value = origin && env[origin]
  if (!value) return null
  const setting: Setting = { group: null, key: 'upstream.proxy', value, source: 'environment', origin }
  const url = await attempt(setting, faults, () => readProxyUrl(value))
  return url === undefined ? null : { url, origin, noProxy }
}

/** The outbound proxy that leads to an API, if one does. An http API is on this machine. */
export function proxyFor(api: URL, outbound: OutboundProxy | null): URL | null {
  if (outbound === null || api.protocol === 'http:' || isExempt(api, outbound.noProxy)) return null
  return new URL(outbound.url)
}
