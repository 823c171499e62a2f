import { ensure } from '../kernel/ensure.ts'

/** What waits, by client: clients take turns, however much each of them has waiting. */
export class FairQueue<Client, Item> {
  /** The client whose turn is next comes first. No line is empty. */
  readonly #lines = new Map<Client, Set<Item>>()
  /** What had its turn before and came back. */
  readonly #returned = new Set<Item>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(client: Client, item: Item): void {
    ensure(this.#lines, client, () => new Set<Item>()).add(item)
    this.#size++
  }

  /** Adds what had its turn before: it goes ahead of all that had not. */
  pushReturned(item: Item): void {
    this.#returned.add(item)
    this.#size++
  }

  /** Takes out what is next. */
  shift(): Item | undefined {
    for (const item of this.#returned) {
      this.#returned.delete(item)
      this.#size--
      return item
    }
    for (const [client, line] of this.#lines) {
      // there is one, because no line is empty
      const item = line.values().next().value as Item
      this.delete(client, item)
      // its next one comes after those of the others
      if (this.#lines.delete(client)) this.#lines.set(client, line)
      return item
    }
    return undefined
  }

  /** Takes out what leaves. What is not there any more is ignored. */
  delete(client: Client, item: Item): void {
    const line = this.#lines.get(client)
    if (this.#returned.delete(item) || line?.delete(item)) this.#size--
    if (line?.size === 0) this.#lines.delete(client)
  }

  /** How many may have their turn before one that a client adds now. */
  ahead(client: Client): number {
    const own = this.#lines.get(client)?.size ?? 0
    let ahead = this.#returned.size + own
    for (const [other, { size }] of this.#lines) if (other !== client) ahead += Math.min(size, own + 1)
    return ahead
  }
}
