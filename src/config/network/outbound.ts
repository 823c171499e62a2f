import type { Fault } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import type { Setting } from '../schema/setting.ts'
import { attempt } from '../schema/setting-faults.ts'
import type { Environment } from '../sources/environment.ts'
import { isExempt } from './no-proxy.ts'
import { readProxyUrl } from './proxy-url.ts'

/** The variables that name an outbound proxy for https, in curl's order. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const

/** The proxy for connections to https upstreams. */
export interface OutboundProxy {
  /** The URL in canonical form, with user and password if it has any. */
  readonly url: string
  /** The setting that names it: `upstream.proxy`, or an environment variable. */
  readonly origin: string
  /** The value of `NO_PROXY`: the hosts to connect to directly. */
  readonly noProxy: string
}

/**
 * Reads the outbound proxy from `upstream.proxy`, or else from `HTTPS_PROXY`, `ALL_PROXY` and their lower-case forms.
 * Returns null if there is none.
 */
export async function readOutboundProxy(
  { proxy }: Settings['upstream'],
  env: Environment,
  faults: Fault[],
): Promise<OutboundProxy | null> {
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? ''
  if (proxy !== null) return { url: proxy, origin: 'upstream.proxy', noProxy }
  const setting = proxyInEnvironment(env)
  if (setting === undefined) return null
  const { value, origin } = setting
  const url = await attempt(setting, faults, () => readProxyUrl(`${value}`))
  return url === undefined ? null : { url, origin, noProxy }
}

/** Returns the setting that applies if `upstream.proxy` is not set: that of the first proxy variable, unless it is empty. */
export function proxyInEnvironment(env: Environment): Setting | undefined {
  // an empty variable means that there is no proxy, whatever the variables after it say
  const origin = VARIABLES.find(name => env[name] !== undefined)
  const value = origin && env[origin]
  return value ? { group: null, key: 'upstream.proxy', value, source: 'environment', origin } : undefined
}

/**
 * Returns the URL of the outbound proxy for an API, or null for a direct connection. Connections to http APIs are
 * always direct, because those are on this machine.
 */
export function proxyFor(api: URL, outbound: OutboundProxy | null): URL | null {
  if (outbound === null || api.protocol === 'http:' || isExempt(api, outbound.noProxy)) return null
  return new URL(outbound.url)
}
