import type { SimulatorClock } from './clock.ts'
import { type Fault, FaultQueue } from './faults/faults.ts'
import { handleRequest } from './handle-request.ts'
import { DECLARED_RATE_LIMITS, RateLimiter, type RateLimits } from './rate-limits.ts'
import { type Counts, type RecordedRequest, RequestLog } from './request-log.ts'
import { listen, type TlsOptions } from './server.ts'
import type { SimulatorState } from './state.ts'
import { Tokens } from './tokens.ts'
import { DEMO_USER, type SimulatorUser } from './users.ts'

const TOKEN_LIFETIME_SECONDS = 600

/** How a simulator is to be. */
export interface SimulatorOptions {
  readonly clock: SimulatorClock
  /** A name or an IPv4 address. Default: 127.0.0.1. */
  readonly host?: string
  /** Default: 0, any free one. */
  readonly port?: number
  /** Makes it speak https, and nothing else. */
  readonly tls?: TlsOptions
  /** Looked up anew at each login, so whoever keeps the array may change it meanwhile. Default: {@link DEMO_USER}. */
  readonly users?: readonly SimulatorUser[]
  /** Seconds, a whole number from 1 up. Default: 600, as the vendor's. */
  readonly tokenLifetime?: number
  /** How far the vendor's clock is ahead of `clock`, in milliseconds; negative when it is behind. Default: 0. */
  readonly clockOffset?: number
  /** Replaces the declared ones; `{}` for none. */
  readonly rateLimits?: RateLimits
}

/** A running simulator of the Prisma Cloud API. */
export interface Simulator {
  /** Its base URL, without a slash at the end. */
  readonly url: string
  /** The last 1,000 requests to the API, oldest first. */
  readonly requests: readonly RecordedRequest[]
  readonly counts: Readonly<Counts>
  /** Asks for something to go wrong; faults are used up in the order in which they were asked for. */
  fault(fault: Fault): void
  /** Forgets the faults that still wait. */
  clearFaults(): void
  /** Makes every token issued so far an expired one, whatever its `exp` says. */
  expireAll(): void
  /** Makes every token issued so far an unknown one. */
  revokeAll(): void
  /** Sets the lifetime of the tokens issued from now on; a RangeError unless it is a whole number from 1 up. */
  setTokenLifetime(seconds: number): void
  /** Cuts every connection and resolves once nothing of it is left. */
  close(): Promise<void>
}

/** Starts a simulator; rejects when the address cannot be had or `tokenLifetime` is none. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { clock, host = '127.0.0.1', port = 0, tls } = options
  const state = makeState(options)
  const running = new Set<Promise<void>>()
  const server = await listen({ host, port, tls }, (request, response) => {
    const work = handleRequest(request, response, state, clock).finally(() => running.delete(work))
    running.add(work)
  })
  const close = async () => {
    await server.close()
    await Promise.all(running)
  }
  return { url: server.url, ...controls(state), close }
}

function makeState(options: SimulatorOptions): SimulatorState {
  const { clock, tls, users = [DEMO_USER], tokenLifetime = TOKEN_LIFETIME_SECONDS, clockOffset = 0 } = options
  const now = () => clock.now() + clockOffset
  return {
    scheme: tls ? 'https' : 'http',
    now,
    users,
    tokens: new Tokens(now, tokenLifetime),
    limits: new RateLimiter(options.rateLimits ?? DECLARED_RATE_LIMITS, now),
    faults: new FaultQueue(),
    log: new RequestLog(),
  }
}

function controls({ log, faults, tokens }: SimulatorState): Omit<Simulator, 'url' | 'close'> {
  return {
    requests: log.requests,
    counts: log.counts,
    fault: fault => faults.add(fault),
    clearFaults: () => faults.clear(),
    expireAll: () => tokens.expireAll(),
    revokeAll: () => tokens.revokeAll(),
    setTokenLifetime(seconds) {
      tokens.lifetime = seconds
    },
  }
}
