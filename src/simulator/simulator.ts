// Starts a simulator: wires its state to a server and returns the controls.

import type { SimulatorClock } from './clock.ts'
import { type Fault, FaultQueue } from './faults/faults.ts'
import { handleRequest } from './handle-request.ts'
import { DECLARED_RATE_LIMITS, RateLimiter, type RateLimits, type Refill } from './rate-limits.ts'
import { type Counts, type RecordedRequest, RequestLog } from './request-log.ts'
import { listen, type TlsOptions } from './server.ts'
import type { SimulatorState } from './state.ts'
import { Tokens } from './tokens.ts'
import { DEMO_USER, type SimulatorUser } from './users.ts'

const TOKEN_LIFETIME_SECONDS = 600

/** Options of {@link startSimulator}. */
export interface SimulatorOptions {
  readonly clock: SimulatorClock
  /** The host to listen on, as a name or an IPv4 address. Default: 127.0.0.1. */
  readonly host?: string
  /** The port to listen on. Default: 0, which picks a free one. */
  readonly port?: number
  /** Serves HTTPS instead of HTTP. */
  readonly tls?: TlsOptions
  /**
   * The users that may log in, read at each login, so the caller may change the array at any time. Default: {@link
   * DEMO_USER}.
   */
  readonly users?: readonly SimulatorUser[]
  /** The lifetime of tokens in seconds, an integer of at least 1. Default: 600, as at Prisma Cloud. */
  readonly tokenLifetime?: number
  /** How far the API's clock is ahead of `clock`, in milliseconds; negative if it is behind. Default: 0. */
  readonly clockOffset?: number
  /** Replaces {@link DECLARED_RATE_LIMITS}; `{}` disables rate limits. */
  readonly rateLimits?: RateLimits
  /** How the rate limits' buckets refill. Default: stepwise, as at Prisma Cloud. */
  readonly refill?: Refill
}

/** A running simulator of the Prisma Cloud API. */
export interface Simulator {
  /** The base URL, without a trailing slash. */
  readonly url: string
  /** The last 1,000 requests to the API, oldest first. */
  readonly requests: readonly RecordedRequest[]
  readonly counts: Readonly<Counts>
  /** Queues a fault; faults are applied in the order in which they were queued. */
  fault(fault: Fault): void
  /** Removes all queued faults. */
  clearFaults(): void
  /** Expires all tokens issued so far, whatever their `exp`. */
  expireAll(): void
  /** Revokes all tokens issued so far. */
  revokeAll(): void
  /**
   * Sets the lifetime of tokens issued from now on.
   * @throws {RangeError} unless it is an integer of at least 1
   */
  setTokenLifetime(seconds: number): void
  /** Destroys all connections and resolves when every request has ended. */
  close(): Promise<void>
}

/** Starts a simulator; rejects when the address is not available or `tokenLifetime` is invalid. */
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
  const { rateLimits: limits = DECLARED_RATE_LIMITS, refill = 'stepwise' } = options
  const now = () => clock.now() + clockOffset
  return {
    scheme: tls ? 'https' : 'http',
    now,
    users,
    tokens: new Tokens(now, tokenLifetime),
    limits: new RateLimiter({ limits, refill, now }),
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
