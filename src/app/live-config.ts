import { AnswerCache } from '../cache/answer-cache.ts'
import type { Config } from '../config/config.ts'
import type { GoodHead } from '../forward/forward-request.ts'
import type { Clock } from '../kernel/clock.ts'

/** The configuration in force. It may be reloaded, so code must ask for it anew each time. */
export class LiveConfig {
  readonly #clock: Clock
  #config: Config
  #answers: AnswerCache<GoodHead>

  constructor(config: Config, clock: Clock) {
    this.#clock = clock
    this.#config = config
    this.#answers = this.#newCache()
  }

  get config(): Config {
    return this.#config
  }

  /**
   * The cache of responses. Each configuration has its own cache, because responses cached before may belong to another
   * tenant.
   */
  get answers(): AnswerCache<GoodHead> {
    return this.#answers
  }

  /** Puts another configuration in force. */
  replace(config: Config): void {
    this.#config = config
    this.#answers = this.#newCache()
  }

  #newCache(): AnswerCache<GoodHead> {
    return new AnswerCache(this.#clock, this.#config.cache.maxSize)
  }
}
