import { type Exposed, single } from './exposition.ts'
import { FAMILIES } from './families.ts'

/** What a process uses. Undefined is what the operating system does not tell. */
export interface ProcessUse {
  /** User and system time, in seconds. */
  readonly cpu: number
  /** When the process started, in seconds since 1970. */
  readonly startedAt: number
  /** Bytes of it in memory. */
  readonly resident: number
  /** Bytes of address space. */
  readonly virtual: number | undefined
  readonly openFiles: number | undefined
  readonly maxFiles: number | undefined
}

/** The process that the proxy runs in. */
export interface Runtime {
  /** The version of Node.js, with a leading `v`. */
  readonly nodeVersion: string
  /** Asks the operating system what the process uses now. Never rejects. */
  use(): Promise<ProcessUse>
}

/** The metrics of the process, under the names that Prometheus's client libraries give them. */
export function processMetrics(use: ProcessUse): Exposed[] {
  const { cpu, startedAt, resident, virtual, openFiles, maxFiles } = use
  const values = [
    [FAMILIES.cpu, cpu],
    [FAMILIES.startTime, startedAt],
    [FAMILIES.residentMemory, resident],
    [FAMILIES.virtualMemory, virtual],
    [FAMILIES.openFiles, openFiles],
    [FAMILIES.maxFiles, maxFiles],
  ] as const
  return values.flatMap(([family, value]) => (value === undefined ? [] : [single(family, value)]))
}
