import type { Clock } from '../kernel/clock.ts'
import type { Secret } from '../kernel/secret.ts'
import { Problem } from '../problem/problem.ts'
import type { Lease } from '../session/lease.ts'
import { type BaseUrl, isSameBase } from '../stacks/base.ts'
import { resolveCompute } from '../stacks/compute.ts'
import type { StackError } from '../stacks/error.ts'
import { ask } from '../upstream/ask.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import { upstreamHeaders } from './headers/headers.ts'
import type { CollectedResponse } from './response-body.ts'

const META_INFO = '/meta_info'

/** What {@link ComputeConsoles} needs. */
export interface ComputeConsolesOptions {
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  /**
   * Returns the timeout of the call to the API, in milliseconds. Called for every call, so that a reload takes effect.
   */
  readonly callTimeout: () => number
}

/** The tenant whose Compute console is requested, and the console that the client addressed directly, if it did. */
interface ConsoleRequest {
  readonly tenant: string
  readonly computeConsole: BaseUrl | undefined
}

/**
 * Finds the Compute consoles of tenants: in the configuration, or by asking the API once for each token of a session.
 */
export class ComputeConsoles {
  readonly #options: ComputeConsolesOptions
  readonly #asked = new WeakMap<Lease, Promise<BaseUrl | CollectedResponse>>()

  constructor(options: ComputeConsolesOptions) {
    this.#options = options
  }

  /**
   * Returns the address of the Compute console for a request with this lease, or the API's error response if asking for
   * the address failed. Rejects with the network error if there is no response.
   * @throws {Problem} `upstream-invalid` if the API names no console; `invalid-request` if the client addressed a
   *   different console directly
   */
  async find({ tenant, computeConsole }: ConsoleRequest, lease: Lease): Promise<BaseUrl | CollectedResponse> {
    const found = lease.api.compute ?? (await (this.#asked.get(lease) ?? this.#ask(lease)))
    if (computeConsole && 'origin' in found && !isSameBase(computeConsole, found)) throw otherConsole(tenant, found)
    return found
  }

  #ask(lease: Lease): Promise<BaseUrl | CollectedResponse> {
    const asked = this.#metaInfo(lease).then(answer => (answer.status < 400 ? consoleIn(answer, lease.token) : answer))
    this.#asked.set(lease, asked)
    const forget = () => this.#asked.delete(lease)
    asked.then(found => 'status' in found && forget(), forget)
    return asked
  }

  /**
   * Calls `GET /meta_info`, whose response has the console's address in `twistlockUrl` (pan.dev, "Access the Compute
   * APIs").
   */
  async #metaInfo({ api, token }: Lease): Promise<CollectedResponse> {
    const { dispatcher, clock, callTimeout } = this.#options
    const options = { token, paths: [META_INFO], isJson: false, trace: null }
    const headers = upstreamHeaders(['accept', 'application/json'], options)
    const request = { origin: api.origin, path: api.basePath + META_INFO, method: 'GET', headers } as const
    const answer = await ask(dispatcher, request, { clock, timeout: callTimeout() })
    return { kind: 'collected', ...answer }
  }
}

function consoleIn({ body }: CollectedResponse, token: Secret): BaseUrl {
  const url = twistlockUrl(body)
  if (url === undefined) throw none(`the response to ${META_INFO} contains no twistlockUrl`)
  try {
    // mask the token, because the error message quotes the address
    return resolveCompute(token.maskIn(url))
  } catch (error) {
    throw none(`the address that ${META_INFO} names ${(error as StackError).problem}`)
  }
}

function twistlockUrl(body: Buffer): string | undefined {
  try {
    const { twistlockUrl } = JSON.parse(body.toString())
    return typeof twistlockUrl === 'string' && twistlockUrl !== '' ? twistlockUrl : undefined
  } catch {
    return undefined
  }
}

function none(reason: string): Problem {
  const detail = `The tenant's Compute console is not known: ${reason}. If it has one, set its computeUrl`
  return new Problem('upstream-invalid', detail, { retryable: false })
}

/**
 * The problem of a request that addresses a Compute console directly, but not the tenant's. It is never sent to a
 * different console instead.
 */
function otherConsole(tenant: string, { origin, basePath }: BaseUrl): Problem {
  const detail = `Tenant ${tenant} uses a different Compute console, at ${origin}${basePath}`
  return new Problem(
    'invalid-request',
    `${detail}: name the tenant in x-prismacloud-tenant, or set each tenant's computeUrl`,
  )
}
