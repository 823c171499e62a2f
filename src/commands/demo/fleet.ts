import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { systemClock } from '../../kernel/clock.ts'
import type { Simulator } from '../../simulator/index.ts'
import { makePrivateFolder, temporaryFolders } from '../exec/private-folder.ts'
import { ExitCode, fail, type Host } from '../host.ts'
import { untilSignal } from '../terminal/signal.ts'
import { type DemoFleet, fleetTour } from './fleet-tour.ts'
import { Programs } from './programs.ts'
import { startProxy } from './proxies.ts'
import { startRedis } from './redis-server.ts'
import { printSteps } from './step.ts'

/** What {@link showFleet} needs. */
export interface FleetDemo {
  readonly simulator: Simulator
  /** This program: its file, and what precedes the name of a command. */
  readonly self: readonly string[]
  /** Whether to end after the tour. */
  readonly once: boolean
}

/**
 * Runs three proxies and a redis-server beside the simulator, and shows what they share. Returns the exit code. They end
 * with this process, also if a signal ends it during the tour.
 */
export async function showFleet(demo: FleetDemo, host: Host): Promise<number> {
  const folder = await makePrivateFolder(temporaryFolders(host))
  const programs = new Programs()
  const cleanUp = () => {
    programs.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', cleanUp)
  try {
    const fleet = await startFleet(demo, programs, folder, host).catch((error: Error) => error)
    return fleet instanceof Error ? fail(host, fleet) : await show(fleet, demo, host)
  } finally {
    await programs.end()
    process.off('exit', cleanUp)
    cleanUp()
  }
}

async function startFleet(
  { simulator, self }: FleetDemo,
  programs: Programs,
  folder: string,
  { env }: Host,
): Promise<DemoFleet> {
  const password = randomBytes(24).toString('hex')
  const redis = await startRedis({ programs, env, folder, password })
  const start = () => startProxy({ programs, self, simulator, redis, password, folder })
  // one after another: on a slow machine, proxies that all start at once may keep Redis waiting, and go on alone
  return { simulator, redis, proxies: [await start(), await start(), await start()] }
}

async function show(fleet: DemoFleet, { once }: FleetDemo, host: Host): Promise<number> {
  host.stdout.write(inventory(fleet))
  const held = await printSteps(fleetTour(fleet, systemClock), host)
  if (once) return held ? ExitCode.good : ExitCode.failed
  host.stdout.write('The proxies that are left go on serving (Ctrl-C to stop)\n')
  await untilSignal(host)
  return ExitCode.good
}

function inventory({ simulator, redis, proxies }: DemoFleet): string {
  const lines = [
    `simulator ${simulator.url}`,
    `redis     ${redis.url} (process ${redis.pid})`,
    ...proxies.map(({ address, pid }) => `proxy     ${address} (process ${pid})`),
  ]
  return `${lines.join('\n')}\n\n`
}
