import { freePort } from '../../bench/port.js'
import { Child } from '../../support/child.js'

/** A redis-server of this machine that keeps nothing on disk. */
export class Redis {
  #port
  #child

  static async start() {
    const redis = new Redis(await freePort())
    await redis.comeBack()
    return redis
  }

  constructor(port) {
    this.#port = port
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Ends it as a crash does. */
  async die() {
    await this.#child.kill()
  }

  /** Starts it at its port, with nothing in it. */
  async comeBack() {
    const args = ['--bind', '127.0.0.1', '--port', `${this.#port}`, '--save', '', '--appendonly', 'no']
    this.#child = new Child('redis-server', 'redis-server', args)
    await this.#child.printed(/(eady to accept connections)/)
  }

  end() {
    return this.#child.end()
  }
}
