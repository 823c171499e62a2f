import { isExempt } from '../../config/network/no-proxy.ts'
import { ADDRESS_VARIABLE } from '../../config/schema/keys.ts'
import type { Api } from '../../stacks/resolve.ts'
import { hasOwnCertificate } from '../../tls/authority.ts'
import type { Host } from '../host.ts'
import type { Listening } from '../serve/announce.ts'

/** Where a command's clients are to be led. */
export interface CommandPlaces {
  readonly listening: Pick<Listening, 'address' | 'secure'>
  /** What stands in the place of the key. */
  readonly token: string
  readonly api: Api
  /** The file with what is to be trusted. */
  readonly bundle: string
  /** Whether a text holds a key or token that the command must not have. */
  isSecret(text: string): boolean
}

/** Ours may hold keys; of the vendor's, these are a token, files with a key, and the name of another tenant. */
const NOT_FOR_THE_COMMAND =
  /^PRISMACLOUD(_(PROXY_.*|JSON_WEB_TOKEN|JSON_CONFIG_FILE|CUSTOMER_NAME)|COMPUTE_CONFIG_FILE)$/i

/** The name of whoever asks; it is not looked at. */
const USER = 'prismacloud-proxy'

/** The variables that a command lacks only because of what is in them. */
export function withheldVariables(before: Host['env'], after: Host['env']): string[] {
  return Object.keys(before).filter(name => !(name in after) && !NOT_FOR_THE_COMMAND.test(name))
}

/** The variables of a command, of which those that the vendor's clients and others read lead to the proxy. */
export function commandEnvironment(
  env: Host['env'],
  { listening, token, api, bundle, isSecret }: CommandPlaces,
): Host['env'] {
  const { hostname, port } = new URL(listening.address)
  const kept = Object.entries(env).filter(([name, value]) => !NOT_FOR_THE_COMMAND.test(name) && !isSecret(`${value}`))
  const proxy = `http://${USER}:${token}@${hostname}:${port}`
  const localApi = apiFor(api, listening)
  const noProxy = [...namesIn(env.no_proxy ?? env.NO_PROXY, api), 'localhost', '127.0.0.1', '::1'].join(',')
  return {
    ...Object.fromEntries(kept),
    [ADDRESS_VARIABLE]: listening.address,
    PC_URL: localApi,
    PC_IDENTITY: USER,
    PC_SECRET: token,
    PC_VERIFY: bundle,
    PC_SAAS_API_ENDPOINT: `https://${localApi}`,
    PC_ACCESS_KEY: USER,
    PC_SECRET_KEY: token,
    PRISMACLOUD_URL: hostname,
    PRISMACLOUD_PROTOCOL: 'http',
    PRISMACLOUD_PORT: port,
    PRISMACLOUD_USERNAME: USER,
    PRISMACLOUD_PASSWORD: token,
    PRISMACLOUDCOMPUTE_CONSOLE_URL: `${listening.address}/_compute`,
    PRISMACLOUDCOMPUTE_USERNAME: USER,
    PRISMACLOUDCOMPUTE_PASSWORD: token,
    // checkov takes https alone; without a key it does not ask the platform
    PRISMA_API_URL: `https://${localApi}`,
    ...(env.BC_API_KEY && { BC_API_KEY: `${USER}::${token}` }),
    BC_CA_BUNDLE: bundle,
    // many read but one of the two
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    REQUESTS_CA_BUNDLE: bundle,
    CURL_CA_BUNDLE: bundle,
    SSL_CERT_FILE: bundle,
    NODE_EXTRA_CA_CERTS: bundle,
  }
}

/**
 * The vendor's Python SDK takes any host but its own for a Compute console, so it is given its own, to which the https
 * proxy leads. What the local CA cannot vouch for is reached at localhost.
 */
function apiFor({ origin }: Api, { secure }: CommandPlaces['listening']): string {
  const { host } = new URL(origin)
  return hasOwnCertificate(host) ? host : new URL(`${secure}`).host
}

/** What was reached without a proxy, but for what is to be reached by this one. */
function namesIn(list = '', { origin }: Api): string[] {
  return list.split(/[,\s]+/).filter(entry => entry !== '' && !isExempt(new URL(origin), entry))
}
