import { headersByName } from '../http/raw-headers.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'
import { type AskOptions, ask, type Reply } from '../upstream/ask.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import { withoutSecrets } from '../upstream-errors/masked.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import type { KeyExpiry } from './key-expiry.ts'

/** The latest time that a `Date` can hold, in milliseconds since the epoch (ECMA-262, 21.4.1.1). */
const LATEST = 8.64e15

/** The statuses of errors that may concern the access key. Others concern the token, the rate limit or a gateway. */
const OF_THE_KEY = [400, 403, 404, 500]

/** An access key, and a token of its user for the API. */
export interface KeyQuestion {
  readonly api: Api
  readonly token: Secret
  readonly accessKeyId: Secret
}

/** What the API says about an access key. */
export interface KeyAnswer {
  readonly expiry: KeyExpiry
  /** Why the expiry is `forbidden` or `unknown`, without a secret; null if the API says when the key expires. */
  readonly reason: string | null
}

/**
 * Asks the API when an access key expires (`GET /access_keys/{id}`; pan.dev, "Get Access Key by ID"). Rejects if there
 * is no response or one that says nothing about the key, so that it is worth asking again soon. The message contains no
 * secret.
 */
export async function askKeyExpiry(
  dispatcher: Dispatcher,
  { api, token, accessKeyId }: KeyQuestion,
  options: AskOptions,
): Promise<KeyAnswer> {
  const { host } = new URL(api.origin)
  const path = `${api.basePath}/access_keys/${encodeURIComponent(accessKeyId.reveal())}`
  const headers = ['accept', 'application/json', 'x-redlock-auth', token.reveal()]
  const request = { origin: api.origin, path, method: 'GET', headers } as const
  const reply = await ask(dispatcher, request, options).catch(cause => {
    throw new Error(explainNetworkError(cause, host).detail, { cause })
  })
  if (reply.status >= 400) return readError(withoutSecrets(reply, [accessKeyId, token]), host, options.clock.now())
  const expiry = reply.status === 200 ? expiryIn(reply.body) : undefined
  if (expiry === undefined) throw new Error(`${host} returned ${reply.status} without an access key`)
  return { expiry, reason: null }
}

/** Returns what an access key says about its expiry: a time, or 0 or nothing if there is none. */
function expiryIn(body: Buffer): KeyExpiry | undefined {
  const { id, expiresOn } = parseObject(body)
  if (typeof id !== 'string') return undefined
  if (expiresOn === undefined || expiresOn === null || expiresOn === 0) return 'never'
  return typeof expiresOn === 'number' && expiresOn > 0 && expiresOn <= LATEST ? expiresOn : undefined
}

function parseObject(body: Buffer): { readonly id?: unknown; readonly expiresOn?: unknown } {
  try {
    return Object(JSON.parse(body.toString()))
  } catch {
    return {}
  }
}

function readError({ status, headers, body, complete }: Reply, host: string, now: number): KeyAnswer {
  const facts = { host, status, headers: headersByName(headers), body, complete, retryable: false }
  const { detail, upstream } = readUpstream(facts, now)
  const reason = `${host} returned ${status}: ${detail}`
  // an error without a code may come from a gateway or a firewall
  const hasCode = upstream?.errors.some(({ code }) => code !== null)
  if (!OF_THE_KEY.includes(status) || !hasCode) throw new Error(reason)
  return { expiry: status === 403 ? 'forbidden' : 'unknown', reason }
}
