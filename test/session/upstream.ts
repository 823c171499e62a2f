import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { AuthApi, type AuthApiOptions } from '../../src/auth/auth-api.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Api } from '../../src/stacks/resolve.ts'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { type CountedClock, countedClock } from '../kernel/counted-clock.ts'
import { makePool } from '../support/pool.ts'

export const CALL_TIMEOUT = 15_000

export const KEY = { accessKeyId: new Secret('MARK-key-id'), secretKey: new Secret('MARK-key/+=') }

/** A real server in place of the API host, and the auth calls to it. Both end with the test. */
export interface Upstream {
  readonly auth: AuthApi
  readonly api: Api
  readonly dispatcher: Dispatcher
  readonly clock: CountedClock
  /** The server's host and port. */
  readonly host: string
  /** The received requests with their bodies. */
  readonly requests: { readonly request: IncomingMessage; readonly body: string }[]
  /** Resolves with the first request. */
  readonly asked: Promise<unknown>
}

export async function upstream(
  t: Test,
  answer: (response: ServerResponse, body: string) => void,
  options: Partial<AuthApiOptions> & { readonly basePath?: string } = {},
): Promise<Upstream> {
  const requests: Upstream['requests'] = []
  const origin = await listen(t, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    requests.push({ request, body })
    answer(response, body)
    arrived()
  })
  let arrived = () => {}
  const asked = new Promise<void>(resolve => {
    arrived = resolve
  })
  const clock = countedClock()
  const dispatcher = makePool(t).fresh
  const { basePath = '', ...rest } = options
  const api = { stack: null, console: null, origin, basePath, from: 'custom' } as const
  const auth = new AuthApi({
    dispatcher,
    api,
    choice: { prismaId: null, customerName: null },
    clock,
    callTimeout: () => CALL_TIMEOUT,
    ...rest,
  })
  return { auth, api, dispatcher, clock, host: new URL(origin).host, requests, asked }
}

/** Starts a server that ends with the test, and returns its origin. */
async function listen(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return originOf(server.address())
}

/** The origin of a port without a listener. */
export async function deadOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = originOf(server.address())
  server.close()
  await once(server, 'close')
  return origin
}

function originOf(address: ReturnType<ReturnType<typeof createServer>['address']>): string {
  if (address === null || typeof address === 'string') throw new Error('not listening at a port')
  return `http://127.0.0.1:${address.port}`
}
