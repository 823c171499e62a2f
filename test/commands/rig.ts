import type { Test } from 'tap'
import { start } from '../../src/commands/start.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { type FakeHost, type FakeHostOptions, fakeHost } from '../support/host.ts'
import { call } from '../support/http.ts'

/** Whom the simulators know. */
export const USER = { ...DEMO_USER, accessKeyId: 'marked-identity', secretKey: 'marked-secret' }

export const KEY = { PC_IDENTITY: USER.accessKeyId, PC_SECRET: USER.secretKey }

/** The keys, and the tokens that simulator and raw upstream grant for them. */
const SECRETS = /marked-|eyJ|header\.payload/

/** A simulator that ends with the test. */
export async function simulate(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ clock: systemClock, users: [USER], ...options })
  t.teardown(() => simulator.close())
  return simulator
}

/** A `start` that runs. */
export interface Running {
  readonly host: FakeHost
  /** The port, once it listens. */
  listening(): Promise<number>
  /** Waits for the end and gives the exit code; then nothing listens any more, and no secret was told. */
  ended(): Promise<number>
}

/** Runs `start`, at a free port unless told otherwise, until the test ends. */
export function run(t: Test, env: NonNullable<FakeHostOptions['env']>, options: FakeHostOptions = {}): Running {
  const atFreePort = { PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0', PRISMACLOUD_PROXY_LOG_LEVEL: 'trace' }
  return runAt(t, fakeHost({ env: { ...atFreePort, ...KEY, ...env }, ...options }))
}

/** Runs `start` in surroundings of the test's own. */
export function runAt(t: Test, host: FakeHost): Running {
  const { stdout, stderr, signals } = host
  const running = start.run(host)
  t.teardown(() => {
    signals.emit('SIGTERM')
    return running.catch(() => {})
  })
  return {
    host,
    listening: async () => Number(/127\.0\.0\.1:(\d+)/.exec(await stdout.until(/listening at \S+"/))?.[1]),
    async ended() {
      const code = await running
      const port = /listening at \S+:(\d+)"/.exec(stdout.text)?.[1]
      if (port !== undefined) await t.rejects(call(Number(port), '/_proxy/livez'), { code: 'ECONNREFUSED' })
      t.notMatch([stdout.text, stderr.text, process.title, ...process.argv].join('\n'), SECRETS)
      return code
    },
  }
}

/** What was logged; throws unless each line is JSON. */
export function logged(text: string): { msg: string; level: number; [key: string]: unknown }[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}
