import type { Clock } from '../../kernel/clock.ts'
import type { DemoProxy } from './proxies.ts'
import type { TourClient } from './tour-client.ts'

/** How long the proxies may take to notice something, in milliseconds. */
const PATIENCE = 10_000

/** How long to wait until they are asked again, in milliseconds. */
const INTERVAL = 100

/** What the status of a proxy says of its fleet. */
export interface FleetView {
  readonly state: string
  readonly reason: string | null
  readonly members: readonly { readonly name: string; readonly isThis: boolean; readonly lastRenewal: string | null }[]
}

/** Proxies of a fleet that are asked together. */
export class Crew {
  readonly #proxies: readonly DemoProxy[]
  readonly #client: TourClient
  readonly #clock: Clock

  constructor(proxies: readonly DemoProxy[], client: TourClient, clock: Clock) {
    this.#proxies = proxies
    this.#client = client
    this.#clock = clock
  }

  /** The crew without one of its proxies. */
  without(proxy: DemoProxy): Crew {
    const others = this.#proxies.filter(each => each !== proxy)
    return new Crew(others, this.#client, this.#clock)
  }

  /** The command that requests a path from every proxy at once. In the path, `[0-7]` stands for each of the numbers. */
  curl(path: string): string {
    const ports = this.#proxies.map(({ address }) => new URL(address).port)
    return `curl -Z 'http://127.0.0.1:{${ports.join(',')}}${path}'`
  }

  /** Requests paths from every proxy at once, and resolves to the status codes: `24 × 200`. */
  async get(paths: readonly string[]): Promise<string> {
    const asked = this.#proxies.flatMap(({ address }) => paths.map(path => this.#client.ask(address + path)))
    const codes = (await Promise.all(asked)).map(({ status }) => status)
    return [...new Set(codes)].map(code => `${codes.filter(each => each === code).length} × ${code}`).join(', ')
  }

  /**
   * Asks every proxy for its view of the fleet until all views are as expected, or until the proxies have had their
   * time. Resolves to the last views.
   */
  async views(isExpected: (view: FleetView) => boolean): Promise<readonly FleetView[]> {
    const end = this.#clock.monotonic() + PATIENCE
    for (;;) {
      const views = await Promise.all(this.#proxies.map(proxy => this.#view(proxy)))
      if (views.every(isExpected) || this.#clock.monotonic() >= end) return views
      await new Promise<void>(resolve => this.#clock.setTimeout(resolve, INTERVAL))
    }
  }

  async #view({ address }: DemoProxy): Promise<FleetView> {
    const { text } = await this.#client.ask(`${address}/_proxy/status`)
    return JSON.parse(text).fleet
  }
}
