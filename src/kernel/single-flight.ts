/** Lets one call of an asynchronous function run at a time; whoever asks meanwhile gets the same promise. */
export class SingleFlight<T> {
  #flight: Promise<T> | undefined

  /** Joins the call under way, or starts `work`. */
  run(work: () => Promise<T>): Promise<T> {
    this.#flight ??= work().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }
}
