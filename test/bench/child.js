// Processes that do not outlive the benchmark, however it ends.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a process may take to serve, in milliseconds. */
const START_DEADLINE = 20_000

/** How often is looked whether it does, in milliseconds. */
const POLL_INTERVAL = 20

/** Ticks in which the kernel shows processor time, a second: the same on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  // as a shell gives it
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
}

/** A running command. */
export class Child {
  #name
  #process
  #output = ''
  #ended

  /** Starts a command with nothing in the environment but what every process needs and `env`; `name` is for messages. */
  constructor(name, command, args, env = {}) {
    this.#name = name
    this.#process = spawn(command, args, {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#process)
    this.#process.once('exit', () => running.delete(this.#process))
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.#output += text
      })
    }
    this.#ended = once(this.#process, 'close')
    this.#ended.catch(error => {
      this.#output += error.message
    })
  }

  /** Waits for its end and gives what it printed. Rejects unless it ended well. */
  async output() {
    const [code] = await this.#ended
    if (code !== 0) throw new Error(`${this.#name} failed: ${this.#output}`)
    return this.#output
  }

  /** Waits until it answers a request for `url` well. */
  async serves(url) {
    const deadline = performance.now() + START_DEADLINE
    while (performance.now() < deadline && running.has(this.#process)) {
      const answer = await fetch(url).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.ok) return
      await sleep(POLL_INTERVAL)
    }
    throw new Error(`${this.#name} does not serve: ${this.#output}`)
  }

  /** The processor time that all its threads have used, user and system, in microseconds (proc(5), `stat`). */
  get cpu() {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8')
    // counted from behind the name, which may hold spaces
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    return ((Number(user) + Number(system)) / TICKS_PER_SECOND) * 1e6
  }

  /** Its resident memory in MB. */
  get memory() {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  }

  /** Ends it at once. */
  async end() {
    this.#process.kill('SIGKILL')
    await this.#ended
  }
}
