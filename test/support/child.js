// Processes of the benchmarks and the soak, which do not outlive them, however they end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { until } from './until.js'

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** What Node.js is given before the product's own arguments, as by `npm start`, the image and the systemd unit. */
export const PROGRAM = [
  ...scripts.start.split(' ').filter(word => word.startsWith('--')),
  fileURLToPath(new URL('../../dist/cli.js', import.meta.url)),
]

const LIVE_MEMORY = `--import=${new URL('live-memory.js', import.meta.url)}`

/** What Node.js is given for {@link Child.liveMemory}. */
export const COLLECTABLE = ['--expose-gc', LIVE_MEMORY]

/** How long a process may take to be there, in milliseconds. */
const START_DEADLINE = 20_000

/** How long a process may take to end once it was asked to, in milliseconds: more than the ten seconds of the drain. */
const END_DEADLINE = 20_000

const KILOBYTES_PER_MEGABYTE = 1024

const BYTES_PER_MEGABYTE = 1024 ** 2

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
      stdio: ['ignore', 'pipe', 'pipe', ...(args.includes(LIVE_MEMORY) ? ['ipc'] : [])],
    })
    running.add(this.#process)
    this.#process.once('exit', () => running.delete(this.#process))
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.#output += text
      })
    }
    this.#ended = once(this.#process, 'close').then(
      ([code, signal]) => code ?? signal,
      error => {
        this.#output += error.message
        return error.code
      },
    )
  }

  /** All it has printed so far, on both streams. */
  get output() {
    return this.#output
  }

  /** The time that its threads were on a processor, in microseconds (Linux: Documentation/scheduler/sched-stats.rst). */
  get cpu() {
    const threads = `/proc/${this.#process.pid}/task`
    const nanoseconds = readdirSync(threads).map(thread =>
      Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000
  }

  /** Its resident memory in MB; NaN when it has ended. */
  get memory() {
    if (!running.has(this.#process)) return Number.NaN
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / KILOBYTES_PER_MEGABYTE
  }

  /**
   * What it has to keep in memory, in V8's heap and outside of it, in MB: what is left once it has collected garbage. It
   * must have been started with {@link COLLECTABLE}.
   */
  async liveMemory() {
    let bytes
    this.#process.once('message', message => {
      bytes = message
    })
    this.#process.send('collect', () => {})
    await this.#until('to tell its live memory', () => bytes)
    return bytes / BYTES_PER_MEGABYTE
  }

  /** How many files and connections it has open. */
  get descriptors() {
    return readdirSync(`/proc/${this.#process.pid}/fd`).length
  }

  /** Waits for something that it is to print, and gives what the pattern's group caught. */
  async printed(pattern) {
    const match = await this.#until(`to print ${pattern}`, () => pattern.exec(this.#output))
    return match[1]
  }

  /** Waits until it answers a request for `url` well. */
  async serves(url) {
    await this.#until(`to serve ${url}`, async () => {
      const answer = await fetch(url).catch(() => undefined)
      await answer?.arrayBuffer()
      return answer?.ok
    })
  }

  /** Waits for its end and gives what it printed. Rejects unless it ended well. */
  async finished() {
    const code = await this.#ended
    if (code !== 0) throw new Error(`${this.#name} ended with ${code}: ${this.#output}`)
    return this.#output
  }

  /** Rejects when it ends; never resolves. */
  async gone() {
    throw new Error(`${this.#name} ended by itself with ${await this.#ended}`)
  }

  /** Ends it with SIGTERM, or by force when that takes too long, and gives its exit code or the signal's name. */
  async end() {
    this.#process.kill('SIGTERM')
    const late = sleep(END_DEADLINE, undefined, { ref: false }).then(() => this.#process.kill('SIGKILL'))
    await Promise.race([this.#ended, late])
    return this.#ended
  }

  /** Sends it a signal. */
  signal(name) {
    this.#process.kill(name)
  }

  /** Ends it at once, as a crash does. */
  async kill() {
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  #until(what, look) {
    return until(`${this.#name} ${what}`, START_DEADLINE, () => {
      if (!running.has(this.#process)) throw new Error(`${this.#name} ended: ${this.#output}`)
      return look()
    })
  }
}
