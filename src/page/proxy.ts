import type { PageSession } from '../admin/page-session.ts'
import { PAGE_TOKEN_HEADER } from '../guard/page-token-header.ts'
import { repeatable, type Sendable } from './logic/copy.ts'
import { session } from './state.ts'

/** The proxy refused a call, or did not answer. The message says why, and what to do. */
export class CallFailed extends Error {
  /** The status of the response; undefined if there was none. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/**
 * Calls the proxy in the name of the page. The response is a good one.
 * @throws {CallFailed}
 */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await send(path, init)
  if (response.ok) return response
  throw new CallFailed(await reasonOf(response), response.status)
}

/**
 * Sends a request to the API through the proxy, and returns its request id once a response has begun.
 * @throws {CallFailed} if there is none
 */
export async function sendOn({ method, target, headers, body }: Sendable): Promise<string> {
  // the browser makes ids only where it trusts the connection
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
  const sent = [...repeatable(headers), ['x-request-id', id] as const].map(([name, value]): [string, string] => [
    name,
    value,
  ])
  const response = await send(target, { method, headers: sent, ...(body !== null && { body }) })
  // the page shows what the proxy has kept
  await response.body?.cancel()
  return id
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set(PAGE_TOKEN_HEADER, session.value?.token ?? '')
  return fetch(path, { cache: 'no-store', ...init, headers }).catch(error => {
    if (init.signal?.aborted) throw error
    throw new CallFailed('The proxy does not answer. Is it running?')
  })
}

/** Asks who the page is for, and notes it. */
export async function askSession(): Promise<PageSession> {
  const found: PageSession = await (await call('/_proxy/page/session')).json()
  // another version has another page
  if (session.value && session.value.version !== found.version) location.reload()
  session.value = found
  return found
}

/**
 * Logs in with a client token.
 * @throws {CallFailed} if it is not valid
 */
export async function logIn(token: string): Promise<void> {
  // a header can hold no other characters, and neither can a client token
  if (!/^[!-~]+$/.test(token)) throw new CallFailed('A client token has only letters, digits and punctuation')
  await call('/_proxy/page/login', { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

/** Logs out, so that the page shows nothing more. */
export async function logOut(): Promise<void> {
  await call('/_proxy/page/logout', { method: 'POST' })
}

/** Renews the session of a tenant now. */
export async function renew(tenant: string): Promise<void> {
  await call(`/_proxy/page/renew?tenant=${encodeURIComponent(tenant)}`, { method: 'POST' })
}

async function reasonOf(response: Response): Promise<string> {
  const { detail, title } = await response.json().catch(() => ({}))
  return detail ?? title ?? `The proxy answered with status ${response.status}`
}
