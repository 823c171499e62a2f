import { ensure } from '../kernel/ensure.ts'

type Heard = (value: number) => void

/** Passes on what members tell each other: a topic, which is the name of a record, and a number. */
export class News {
  readonly #listeners = new Map<string, Set<Heard>>()

  /** Calls `heard` with each number that is told about a topic. Returns a function that ends this. */
  on(topic: string, heard: Heard): () => void {
    const listeners = ensure(this.#listeners, topic, () => new Set<Heard>())
    listeners.add(heard)
    return () => {
      listeners.delete(heard)
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic)
    }
  }

  /** Has all listeners look again, with a number that tells nothing: 0. */
  wakeAll(): void {
    for (const topic of [...this.#listeners.keys()]) this.tell(`${topic} 0`)
  }

  /** Passes on a message: the topic and the number, separated by a space. Ignores anything else. */
  readonly tell = (message: string): void => {
    const [topic = '', text = ''] = message.split(' ')
    const value = Number(text)
    if (text === '' || !Number.isFinite(value)) return
    for (const heard of [...(this.#listeners.get(topic) ?? [])]) heard(value)
  }
}
