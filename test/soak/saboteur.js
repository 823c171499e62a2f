import { setTimeout as sleep } from 'node:timers/promises'
import { between } from '../support/random.js'
import { until } from '../support/until.js'
import { call } from './control.js'
import { death, troubles } from './incidents.js'

/** How long an incident lasts, in milliseconds: more than the second within which the next extension is due. */
const SHORTEST_INCIDENT = 2_000
const LONGEST_INCIDENT = 4_000

/**
 * Tokens are made to die no more often than this, in milliseconds: a 401 causes one login a minute at the most
 * (src/session/invalidation.ts), and another before that would be the client's to see.
 */
const DEATH_INTERVAL = 75_000

/** How long after an incident the session may take to recover, in milliseconds. */
const RECOVERY_DEADLINE = 15_000

/** Makes one thing after the other go wrong between the simulator and the proxy, and waits each time until it has mended. */
export class Saboteur {
  #simulator
  #proxy
  #random
  #troubles
  #lastDeath = Number.NEGATIVE_INFINITY
  /** @type {Map<string, { incidents: number, struck: number }>} by name; `struck` counts the calls that met it */
  done = new Map()

  constructor({ simulator, proxy, random }) {
    this.#simulator = simulator
    this.#proxy = proxy
    this.#random = random
    this.#troubles = troubles(random)
  }

  /** Begins no incident after `end`, on the monotonic clock, and resolves once the last has mended. */
  async work(end) {
    while (performance.now() + LONGEST_INCIDENT < end) {
      const incident = this.#next()
      const before = await this.#struckBy(incident)
      await this.#begin(incident)
      await sleep(between(this.#random, SHORTEST_INCIDENT, LONGEST_INCIDENT))
      await this.#control('DELETE', 'faults')
      this.#note(incident, (await this.#struckBy(incident)) - before)
      await until(`a session after "${incident.name}"`, RECOVERY_DEADLINE, () => this.#isReady())
    }
  }

  #next() {
    if (performance.now() - this.#lastDeath < DEATH_INTERVAL) return this.#troubles.next().value
    this.#lastDeath = performance.now()
    return death(this.#random)
  }

  async #begin({ faults = [], tokens }) {
    for (const fault of faults) await this.#control('POST', 'faults', fault)
    if (tokens) await this.#control('POST', tokens)
  }

  #note({ name }, more) {
    const { incidents, struck } = this.done.get(name) ?? { incidents: 0, struck: 0 }
    this.done.set(name, { incidents: incidents + 1, struck: struck + more })
  }

  /** How many calls so far have met something of the incident's sort. */
  async #struckBy({ tokens }) {
    const { counts } = await this.#control('GET', 'state')
    return tokens ? counts.unauthorized : counts.faults
  }

  async #control(method, action, body) {
    const answer = await call(method, `${this.#simulator}/_simulator/${action}`, body)
    if (answer.status !== 200) throw new Error(`the simulator refuses ${action}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  async #isReady() {
    const { body } = await call('GET', `${this.#proxy}/_proxy/status`)
    return body.tenants.default.session?.state === 'ready'
  }
}
