import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type HostPort, httpsHost } from '../http/host-port.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { Agents } from '../upstream/agent.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import { type LoopCheckOptions, lookupElsewhere, refuseLoop } from './loop-check.ts'

/** How long a tunnel may carry no byte in either direction before it is closed, in milliseconds. */
const IDLE_TIMEOUT = 10 * 60_000

/** What is needed to open a tunnel: the options of the loop check, and a function that opens a connection. */
export interface TunnelOptions extends LoopCheckOptions {
  readonly open: Agents['open']
}

/**
 * Opens a tunnel's connection to a host, through the outbound proxy where one applies.
 * @throws {Problem} `host-not-allowed` for this machine itself, otherwise `upstream-unreachable`, `-timeout` or
 * `-invalid`
 */
export async function openTunnel(target: HostPort, options: TunnelOptions): Promise<Duplex> {
  await refuseLoop(target, options)
  try {
    return await options.open(target, { allowHalfOpen: true, lookup: lookupElsewhere(options) })
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Problem) throw error.cause
    const { nature, maybeSent, detail } = explainNetworkError(error, httpsHost(target))
    throw new Problem(`upstream-${nature}`, detail, { cause: error, retryable: !maybeSent })
  }
}

/** How a tunnel ended: both sides had finished, one broke off, or it was idle for 10 minutes. */
export type TunnelEnd = 'tunnelled' | 'aborted' | 'idle'

/**
 * Passes bytes between client and host, until both have finished, one breaks off, or the tunnel is idle for 10 minutes.
 */
export async function join(client: Socket, host: Duplex, clock: Clock): Promise<TunnelEnd> {
  let before = -1
  let isIdle = false
  const check = () => {
    const bytes = client.bytesRead + client.bytesWritten
    isIdle = bytes === before
    if (isIdle) client.destroy()
    before = bytes
    timer = clock.setTimeout(check, IDLE_TIMEOUT)
  }
  let timer = clock.setTimeout(check, IDLE_TIMEOUT)
  const ends = await Promise.allSettled([pipeline(client, host), pipeline(host, client)])
  clock.clearTimeout(timer)
  if (isIdle) return 'idle'
  return ends.every(({ status }) => status === 'fulfilled') ? 'tunnelled' : 'aborted'
}
