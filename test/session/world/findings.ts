/** How many events are reported when a promise was broken. */
const STORY_LENGTH = 60

/** The true time of a world, in milliseconds. */
interface Elapsed {
  readonly elapsed: number
}

/** The result of a run: the broken promise, if any, the events before it, and counts of what happened. */
export class Findings {
  readonly #time: Elapsed
  readonly #counts = new Map<string, number>()
  readonly #story: (readonly [at: number, what: string, detail: unknown])[] = []
  #told = 0
  #broken: string | undefined

  constructor(time: Elapsed) {
    this.#time = time
  }

  /** The first broken promise. What follows is meaningless. */
  get broken(): string | undefined {
    return this.#broken
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** Notes an event. It is formatted only if needed. */
  tell(what: string, detail: unknown = ''): void {
    this.#story[this.#told++ % STORY_LENGTH] = [this.#time.elapsed, what, detail]
  }

  /** Notes a broken promise unless it `holds`. */
  expect(holds: boolean, promise: string, detail: unknown = ''): void {
    if (holds || this.#broken) return
    this.tell(`BROKEN: ${promise}`, detail)
    this.#broken = promise
  }

  /** The last events, one per line. */
  get story(): string[] {
    const split = this.#told % STORY_LENGTH
    const ordered =
      this.#told > STORY_LENGTH ? [...this.#story.slice(split), ...this.#story.slice(0, split)] : this.#story
    return ordered.map(([at, what, detail]) => `${inDays(at)} ${what} ${String(detail)}`.trimEnd())
  }
}

/** `day 3 10:22:07.123` */
function inDays(ms: number): string {
  const time = new Date(ms)
  return `day ${Math.floor(ms / 86_400_000) + 1} ${time.toISOString().slice(11, 23)}`
}
