/** Lets calls through one at a time, in their order. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  /** Makes a call once all before it have ended, however they did. */
  pass<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(call)
    this.#last = result.catch(() => {})
    return result
  }
}
