import type { Test } from 'tap'
import { type Dispatcher, request } from 'undici'
import { DEMO_USER, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { type TestClock, testClock } from '../support/clock.ts'

/** What a call may carry beside its path. */
interface CallOptions {
  readonly method?: Dispatcher.HttpMethod
  /** Sent as `x-redlock-auth`. */
  readonly token?: string
  readonly headers?: Record<string, string | string[]>
  /** Sent as it is. */
  readonly body?: string | Buffer
  /** Sent as JSON, under its content type. */
  readonly json?: unknown
}

/** An answer, read to its end. */
interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what stands in an answer is what the tests are there to check
  readonly json: () => any
}

/** A simulator with a client before it and its time in the test's hands. */
interface Rig {
  readonly simulator: Simulator
  readonly clock: TestClock
  call(path: string, options?: CallOptions): Promise<Reply>
  /** Logs in as the demo user and gives the token. */
  login(): Promise<string>
}

/** The body of a good login. */
export const CREDENTIALS = { username: DEMO_USER.accessKeyId, password: DEMO_USER.secretKey }

/** Starts a simulator that ends with the test. */
export async function rig(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Rig> {
  const clock = testClock()
  const simulator = await startSimulator({ clock, ...options })
  t.teardown(() => simulator.close())
  const call = (path: string, callOptions?: CallOptions) => send(simulator.url + path, callOptions)
  const login = async () => (await call('/login', { method: 'POST', json: CREDENTIALS })).json().token
  return { simulator, clock, call, login }
}

async function send(url: string, { method = 'GET', token, headers, body, json }: CallOptions = {}): Promise<Reply> {
  const answer = await request(url, {
    method,
    headers: {
      ...(token !== undefined && { 'x-redlock-auth': token }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? (body ?? null) : JSON.stringify(json),
  })
  const bytes = Buffer.from(await answer.body.arrayBuffer())
  const text = bytes.toString()
  return { status: answer.statusCode, headers: answer.headers, body: bytes, text, json: () => JSON.parse(text) }
}

/** The reasons that an answer gives in `x-redlock-status`. */
export function reasons(reply: Reply): unknown {
  return JSON.parse(String(reply.headers['x-redlock-status']))
}

/** The only reason that an answer gives in `x-redlock-status`, by its key. */
export function reason(reply: Reply): unknown {
  const [only] = JSON.parse(String(reply.headers['x-redlock-status']))
  return only.i18nKey
}

/** The claims of a token, unverified, as a client reads them. */
export function claims(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
