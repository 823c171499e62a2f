import { ensure } from '../kernel/ensure.ts'

/** A round-robin queue: clients take turns, however many items each of them has. */
export class FairQueue<Client, Item> {
  /** The items of each client; the client whose turn is next comes first. No set is empty. */
  readonly #queues = new Map<Client, Set<Item>>()
  /** Items that were taken out before and came back. */
  readonly #returned = new Set<Item>()
  #size = 0

  /** The number of items of all clients. */
  get size(): number {
    return this.#size
  }

  push(client: Client, item: Item): void {
    ensure(this.#queues, client, () => new Set<Item>()).add(item)
    this.#size++
  }

  /** Adds an item that was taken out before. It goes ahead of all items added with {@link FairQueue.push}. */
  pushReturned(item: Item): void {
    this.#returned.add(item)
    this.#size++
  }

  /** Takes out the next item, or returns `undefined` if there is none. */
  shift(): Item | undefined {
    for (const item of this.#returned) {
      this.#returned.delete(item)
      this.#size--
      return item
    }
    for (const [client, queue] of this.#queues) {
      // there is one, because no set is empty
      const item = queue.values().next().value as Item
      this.delete(client, item)
      // a client with more items goes to the end
      if (this.#queues.delete(client)) this.#queues.set(client, queue)
      return item
    }
    return undefined
  }

  /** Removes an item. Does nothing if it is not in the queue. */
  delete(client: Client, item: Item): void {
    const queue = this.#queues.get(client)
    if (this.#returned.delete(item) || queue?.delete(item)) this.#size--
    if (queue?.size === 0) this.#queues.delete(client)
  }

  /** The number of items that may be taken out before one that a client adds now. */
  ahead(client: Client): number {
    const own = this.#queues.get(client)?.size ?? 0
    let ahead = this.#returned.size + own
    for (const [other, { size }] of this.#queues) if (other !== client) ahead += Math.min(size, own + 1)
    return ahead
  }
}
