import { isExempt } from '../../config/network/no-proxy.ts'
import { ADDRESS_VARIABLE } from '../../config/schema/keys.ts'
import type { Api } from '../../stacks/resolve.ts'
import { hasOwnCertificate } from '../../tls/authority.ts'
import type { Host } from '../host.ts'
import type { Listening } from '../serve/announce.ts'

/** What the variables in a command's environment refer to. */
export interface CommandPlaces {
  readonly listening: Pick<Listening, 'address' | 'secure'>
  /** The client token that stands in for the access key. */
  readonly token: string
  /** The API of the default tenant. */
  readonly api: Api
  /** The file with all CA certificates that the command's clients must trust. */
  readonly bundle: string
  /** Whether a value holds an access key or token that the command must not have. */
  isSecret(text: string): boolean
}

/**
 * Variables that are never passed on: our own, which may hold keys, and those of the vendor that hold a token or name a
 * tenant or a file with keys.
 */
const NOT_FOR_THE_COMMAND =
  /^PRISMACLOUD(_(PROXY_.*|JSON_WEB_TOKEN|JSON_CONFIG_FILE|CUSTOMER_NAME)|COMPUTE_CONFIG_FILE)$/i

/** A user name for clients that require one. The proxy ignores it. */
const USER = 'prismacloud-proxy'

/** Returns the names of the variables that a command does not get because of their values. */
export function withheldVariables(before: Host['env'], after: Host['env']): string[] {
  return Object.keys(before).filter(name => !(name in after) && !NOT_FOR_THE_COMMAND.test(name))
}

/**
 * Builds the environment for a command. Variables that hold secrets are removed, and those that clients read point to
 * the proxy.
 */
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
    // checkov accepts https only, and contacts the platform only with a key
    PRISMA_API_URL: `https://${localApi}`,
    ...(env.BC_API_KEY && { BC_API_KEY: `${USER}::${token}` }),
    BC_CA_BUNDLE: bundle,
    // many clients read only one spelling
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
 * Returns the host of the API for a command. The vendor's Python SDK treats every host but the vendor's own as a
 * Compute console, so the command gets the real host, which it reaches through `HTTPS_PROXY`. A custom host, for which
 * the local CA issues no certificate, is replaced by the proxy's https address.
 */
function apiFor({ origin }: Api, { secure }: CommandPlaces['listening']): string {
  const { host } = new URL(origin)
  return hasOwnCertificate(host) ? host : new URL(`${secure}`).host
}

/** Returns the entries of an inherited `NO_PROXY`, except those that would exempt the API. */
function namesIn(list = '', { origin }: Api): string[] {
  return list.split(/[,\s]+/).filter(entry => entry !== '' && !isExempt(new URL(origin), entry))
}
