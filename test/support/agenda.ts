/** Something that is to happen at a time, unless it is called off. */
export interface Appointment {
  readonly at: number
  readonly run: () => void
  off: boolean
}

interface Entry extends Appointment {
  /** Those of the same time happen in the order in which they were made. */
  readonly order: number
}

/** Appointments by their time: a binary heap, for a life has tens of thousands of them. */
export class Agenda {
  readonly #heap: Entry[] = []
  #made = 0

  add(at: number, run: () => void): Appointment {
    const entry: Entry = { at, run, off: false, order: this.#made++ }
    this.#rise(entry, this.#heap.length)
    return entry
  }

  /** The next one that was not called off. */
  peek(): Appointment | undefined {
    while (this.#heap[0]?.off) this.#removeFirst()
    return this.#heap[0]
  }

  /** Takes the one off that {@link Agenda.peek} gave. */
  shift(): void {
    this.#removeFirst()
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last && this.#heap.length > 0) this.#sink(last)
  }

  #rise(entry: Entry, from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent]
      if (!above || isBefore(above, entry)) break
      this.#heap[index] = above
      index = parent
    }
    this.#heap[index] = entry
  }

  #sink(entry: Entry): void {
    let index = 0
    for (;;) {
      const child = this.#earlierChild(index)
      const below = this.#heap[child]
      if (!below || isBefore(entry, below)) break
      this.#heap[index] = below
      index = child
    }
    this.#heap[index] = entry
  }

  #earlierChild(index: number): number {
    const [left, right] = [2 * index + 1, 2 * index + 2]
    const [one, other] = [this.#heap[left], this.#heap[right]]
    return one && other && isBefore(other, one) ? right : left
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
