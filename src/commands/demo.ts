import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { systemClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { DEMO_USER, type Simulator, startSimulator } from '../simulator/index.ts'
import { type Command, ExitCode, type Host, UsageError } from './host.ts'
import { ANY_PORT, listen } from './serve/listen.ts'
import { openApp } from './serve/serve.ts'
import { painter } from './terminal/colour.ts'
import { drain, untilSignal } from './terminal/signal.ts'
import { tour } from './tour.ts'

const ADDRESS = '127.0.0.1:9080'

/** Simulator and proxy together. */
export const demo = demoCommand(startSimulator)

/** The command, with the simulator that it is to show. */
export function demoCommand(start: typeof startSimulator): Command {
  return {
    summary: 'Try it: the simulator and the proxy before it, with a tour of real requests',
    help: () => `Usage: prismacloud-proxy demo [--once]

Starts the embedded API simulator and the proxy before it, shows a short tour of real requests, and goes on serving at
${ADDRESS} (or another port where that is taken). Nothing leaves this machine and no access key is needed.

Options:
  --once   End after the tour; the exit code is 0 when every step went as promised
`,
    async run(host) {
      const once = readOnce(host.args)
      const simulator = await start({ clock: systemClock })
      try {
        return await show(simulator, host, once)
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
    host.stdout.write(`simulator ${simulator.url}\nproxy     ${address}\n\n`)
    const held = await walk(address, simulator, host)
    if (once) return held ? ExitCode.good : ExitCode.failed
    host.stdout.write(`Now try it yourself: curl ${address}/v2/policy (Ctrl-C ends)\n`)
    return await drain(app, await untilSignal(host))
  } finally {
    await app.close()
  }
}

function readOnce(args: readonly string[]): boolean {
  const unknown = args.find(arg => arg !== '--once')
  if (unknown !== undefined) throw new UsageError(`demo takes --once, not "${unknown}".`)
  return args.includes('--once')
}

/** Nothing but the simulator: neither the user's environment nor their files have a say. */
function demoConfig({ url }: Simulator, { homeDirectory }: Host): Promise<Config> {
  const env = { PC_URL: url, PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
  return loadConfig({ args: [], env, homeDirectory })
}

function listenSomewhere(server: FastifyInstance, once: boolean): Promise<string> {
  return once ? listen(server, ANY_PORT) : listen(server, ADDRESS).catch(() => listen(server, ANY_PORT))
}

async function walk(address: string, simulator: Simulator, { stdout, env }: Host): Promise<boolean> {
  const style = painter(stdout, env)
  let allHeld = true
  for await (const { shows, command, outcome, held } of tour(address, simulator)) {
    const mark = held ? style('green', '✓') : style('red', '✗')
    stdout.write(`${mark} ${style('bold', shows)}\n  $ ${style('cyan', command)}\n  ${style('dim', outcome)}\n\n`)
    allHeld &&= held
  }
  return allHeld
}
