import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../kernel/clock.ts'
import type { ProcessUse, Runtime } from '../../telemetry/metrics/process-metrics.ts'

/** The process that runs this code. Linux tells more of it, in the folder `proc`. */
export function thisProcess(proc = '/proc/self'): Runtime {
  const startedAt = systemClock.now() / 1000 - process.uptime()
  return {
    nodeVersion: process.version,
    async use() {
      const { user, system } = process.cpuUsage()
      const cpu = (user + system) / 1e6
      return { cpu, startedAt, resident: process.memoryUsage.rss(), ...(await readProc(proc)) }
    },
  }
}

async function readProc(folder: string): Promise<Pick<ProcessUse, 'virtual' | 'openFiles' | 'maxFiles'>> {
  const [status, limits, files] = await Promise.all([
    read(join(folder, 'status')),
    read(join(folder, 'limits')),
    readdir(join(folder, 'fd')).catch(() => undefined),
  ])
  const virtual = numberIn(status, /^VmSize:\s+(\d+) kB$/m)
  return {
    virtual: virtual && virtual * 1024,
    // one of them is open only to list them
    openFiles: files && files.length - 1,
    // no sample if there is no limit
    maxFiles: numberIn(limits, /^Max open files\s+(\d+)/m),
  }
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits)
}
