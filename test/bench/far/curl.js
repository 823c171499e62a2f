import { Child } from '../../support/child.js'

/** How long a request may take, in seconds. */
const DEADLINE = 60

const COMMON = `-sSf -m ${DEADLINE} -o /dev/null -w time=%{time_total}\\n -H expect:`.split(' ')

const MILLISECONDS_PER_SECOND = 1_000

/** Requests of curl for an origin, each run of it a process with connections of its own. */
export class Curl {
  #origin
  #common

  /** With these arguments for each request. */
  constructor(origin, ...common) {
    this.#origin = origin
    this.#common = [...COMMON, ...common]
  }

  /** Makes a request, and gives what curl says that it took, in milliseconds. */
  async request(path = '/v2/policy') {
    const [time] = await this.#run(this.#transfer(path))
    return time
  }

  /** Has one process make a small request and then another one, and gives what that took, in milliseconds. */
  async warmRequest(path = '/v2/policy', ...args) {
    const [, time] = await this.#run(this.#transfer('/v2/policy'), this.#transfer(path, ...args))
    return time
  }

  /** Has one process make so many requests at once, and gives what each took, in milliseconds. */
  async requestsAtOnce(count) {
    const transfer = this.#transfer('/v2/policy')
    return this.#run(['-Z', '--parallel-max', `${count}`, ...transfer], ...Array(count - 1).fill(transfer))
  }

  /** Has a process after the other make a request, and gives how long each was there on average, in milliseconds. */
  async inTurn(count) {
    const from = performance.now()
    for (let number = 0; number < count; number++) await this.request()
    return (performance.now() - from) / count
  }

  #transfer(path, ...args) {
    return [...this.#common, ...args, `${this.#origin}${path}`]
  }

  async #run(...transfers) {
    const args = transfers.flatMap(transfer => ['--next', ...transfer]).slice(1)
    const printed = await new Child('curl', 'curl', args).finished()
    return Array.from(printed.matchAll(/time=([\d.]+)/g), ([, seconds]) => Number(seconds) * MILLISECONDS_PER_SECOND)
  }
}
