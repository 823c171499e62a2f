import type { Outstanding } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { type Clock, type Timer, withDeadline } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Host } from '../host.ts'
import type { ReloadListener } from '../serve/reload.ts'
import type { Notify, Variables } from './notify.ts'

/** How long the last notifications may delay the end of the process, in milliseconds. */
const PARTING = 6_000

/** How much longer than running requests the end may take, in milliseconds, until the service manager kills. */
const END_MARGIN = 5_000

const MICROSECONDS = 1_000

/** What a {@link Service} needs. */
export interface ServiceOptions {
  readonly notify: Notify
  /** How long the service manager waits for a sign of life, in milliseconds; null if it waits for none. */
  readonly watchdog: number | null
  readonly clock: Clock
  readonly log: Log
  /** The time in nanoseconds on the monotonic clock of the machine, which other processes read, too. */
  readonly uptime?: () => bigint
}

/**
 * Returns how long the service manager waits for a sign of life from the process `pid` before it restarts it, in
 * milliseconds; null if it waits for none (sd_watchdog_enabled(3)).
 */
export function watchdogOf({ WATCHDOG_PID, WATCHDOG_USEC }: Host['managed'], pid: number): number | null {
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid
  const time = Number(WATCHDOG_USEC) / MICROSECONDS
  return isOurs && time > 0 ? time : null
}

/** Tells a service manager what the proxy does (sd_notify(3)). If that fails, the log says so, and nothing else happens. */
export class Service implements ReloadListener {
  readonly #options: ServiceOptions
  #address = ''
  /** What the manager shows while requests are served. Empty before and after that. */
  #serving = ''
  /** Settles when everything was told. Notifications must arrive in their order. */
  #told: Promise<void> = Promise.resolve()
  #isFailing = false
  #isClosed = false
  #timer: Timer | undefined

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#giveSigns()
  }

  /** The proxy listens at `address`, and the first login of each tenant has succeeded or failed. */
  ready(config: Config, address: string): void {
    this.#address = address
    this.#serve(config)
  }

  /** The configuration is read again. Says nothing before the proxy is ready, because the end of it would say that it is. */
  reloading(): void {
    if (this.#serving === '') return
    const { uptime = process.hrtime.bigint } = this.#options
    this.#tell({ RELOADING: 1, MONOTONIC_USEC: uptime() / 1_000n, STATUS: 'Reloading the configuration' })
  }

  reloaded(config: Config | null): void {
    if (this.#serving === '') return
    if (config) this.#serve(config)
    else this.#tell({ READY: 1, STATUS: `${this.#serving}, with the previous configuration: the new one is invalid` })
  }

  /** The proxy accepts no more requests and waits for those that run. */
  stopping({ requests, timeout }: Outstanding): void {
    this.#serving = ''
    this.#tell({
      STOPPING: 1,
      STATUS: requests === 0 ? 'Stopping' : `Draining ${count(requests, 'request')}`,
      EXTEND_TIMEOUT_USEC: (timeout + END_MARGIN) * MICROSECONDS,
    })
  }

  /** Stops the signs of life, and resolves once everything was told, or after six seconds. */
  async close(): Promise<void> {
    const { clock } = this.#options
    this.#isClosed = true
    if (this.#timer) clock.clearTimeout(this.#timer)
    await withDeadline(clock, PARTING, undefined, () => this.#told).catch(() => {})
  }

  #serve({ tenants }: Config): void {
    this.#serving = `Serving ${count(tenants.size, 'tenant')} at ${this.#address}`
    this.#tell({ READY: 1, STATUS: this.#serving })
  }

  /** Gives a sign of life at half of the time, as sd_watchdog_enabled(3) recommends. A hung event loop gives none. */
  #giveSigns(): void {
    const { clock, watchdog } = this.#options
    if (watchdog === null || this.#isClosed) return
    this.#timer = clock.setTimeout(() => void this.#tell({ WATCHDOG: 1 }).then(() => this.#giveSigns()), watchdog / 2)
  }

  #tell(variables: Variables): Promise<void> {
    this.#told = this.#told.then(() => this.#send(variables))
    return this.#told
  }

  async #send(variables: Variables): Promise<void> {
    try {
      await this.#options.notify(variables)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.#options.log.warn(`cannot notify the service manager: ${(error as Error).message}`)
      this.#isFailing = true
    }
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
