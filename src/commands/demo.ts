import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { type Flag, readArguments } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { DEMO_USER, type Simulator, startSimulator } from '../simulator/index.ts'
import type { Command } from './command.ts'
import { showFleet } from './demo/fleet.ts'
import { printSteps } from './demo/step.ts'
import { tour } from './demo/tour.ts'
import { ExitCode, type Host } from './host.ts'
import { ANY_PORT, listen } from './serve/listen.ts'
import { openApp } from './serve/serve.ts'
import { drain, untilSignal } from './terminal/signal.ts'

const ADDRESS = '127.0.0.1:9080'

const FLAGS: readonly Flag[] = [
  { name: '--fleet', kind: 'switch', text: 'Show three proxies that share a Redis.' },
  {
    name: '--once',
    kind: 'switch',
    text: 'Exit after the tour, with 0 if every step had the expected result, else 1.',
  },
]

/** The `demo` command: runs simulator and proxy in one process, with a tour. */
export const demo = demoCommand(startSimulator, [process.execPath, `${process.argv[1]}`])

/**
 * Makes the `demo` command. Tests pass another way to start the simulator, and to run the program itself: its file, and
 * what precedes the name of a command.
 */
export function demoCommand(start: typeof startSimulator, self: readonly string[]): Command {
  return {
    summary: 'Try the proxy with the simulator: a tour of real requests',
    usage: ['demo [--fleet] [--once]'],
    paragraphs: [
      `Starts the embedded API simulator with the proxy in front of it, sends a few real requests as a tour, and then keeps serving at ${ADDRESS}, or at a free port if that one is taken. It needs no access key, and nothing leaves this machine.`,
      'With --fleet, three proxies share one session and the rate limits through a redis-server of their own, which must be installed. The tour kills one of them, and Redis.',
    ],
    flags: FLAGS,
    exitCodes: [
      ['0', 'stopped; with --once, every step of the tour had the expected result'],
      ['1', 'failed'],
      ['2', 'bad usage'],
    ],
    examples: [
      { purpose: 'Look around with made-up data', line: 'prismacloud-proxy demo' },
      { purpose: 'Watch three proxies share a Redis, then exit', line: 'prismacloud-proxy demo --fleet --once' },
    ],
    async run(host) {
      const given = new Set(readArguments(host.args, FLAGS).map(([name]) => name))
      const [isFleet, once] = [given.has('--fleet'), given.has('--once')]
      // one proxy alone, too, gets a 429 now and then while it does not know when whole seconds begin at the API
      const simulator = await start({ clock: systemClock, ...(isFleet && { refill: 'continuous' }) })
      try {
        return await (isFleet ? showFleet({ simulator, self, once }, host) : show(simulator, host, once))
      } finally {
        await simulator.close()
      }
    },
  }
}

async function show(simulator: Simulator, host: Host, once: boolean): Promise<number> {
  const config = await demoConfig(simulator, host)
  const app = await openApp(config, host, { log: createLog('silent', host.stdout, systemClock), audit: null })
  try {
    const address = await listenSomewhere(app.server, once)
    host.stdout.write(`page      ${address}/_proxy/\nproxy     ${address}\nsimulator ${simulator.url}\n\n`)
    const held = await printSteps(tour(address, simulator), host)
    if (once) return held ? ExitCode.good : ExitCode.failed
    host.stdout.write(
      `Now open ${address}/_proxy/ in a browser, or try it yourself: curl ${address}/v2/policy (Ctrl-C to stop)\n`,
    )
    return await drain(app, await untilSignal(host))
  } finally {
    await app.close()
  }
}

/** Loads a configuration for the simulator alone, ignoring the user's environment and files. */
function demoConfig({ url }: Simulator, { homeDirectory }: Host): Promise<Config> {
  const env = { PC_URL: url, PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
  return loadConfig({ args: [], env, homeDirectory })
}

function listenSomewhere(server: FastifyInstance, once: boolean): Promise<string> {
  return once ? listen(server, ANY_PORT) : listen(server, ADDRESS).catch(() => listen(server, ANY_PORT))
}
