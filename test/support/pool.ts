import type { Test } from 'tap'
import { systemClock } from '../../src/kernel/clock.ts'
import { Connector } from '../../src/upstream/connection/connector.ts'
import { systemLookup } from '../../src/upstream/connection/dial.ts'
import { ConnectionPool } from '../../src/upstream/pool/pool.ts'
import type { PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import { makeConfig } from './proxy.ts'

const LIMITS = { headersTimeout: 10_000, bodyTimeout: 10_000, maxHeaderSize: 64 * 1024 }

/** How a pool of a test connects if it trusts the CAs of a PEM text. */
export function connectTrusting(authorities: string | null): PoolOptions['connect'] {
  const { upstream } = makeConfig({ upstream: 'app' })
  const connector = new Connector({ ...upstream, authorities }, { clock: systemClock, lookup: systemLookup })
  return (...args) => connector.connect(...args)
}

/** How a pool of a test connects, unless the test says how. */
export const connect = connectTrusting(null)

/** A pool that ends with the test. It keeps nothing warm, unless the test says so. */
export function makePool(t: Test, options: Partial<PoolOptions> = {}): ConnectionPool {
  const pool = new ConnectionPool({
    clock: systemClock,
    connect,
    warmFor: () => 0,
    http2: false,
    limits: LIMITS,
    ...options,
  })
  t.teardown(() => pool.destroy())
  return pool
}
