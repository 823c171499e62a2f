/** Freezes a value and all that its properties hold. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const member of Object.values(Object.freeze(value))) deepFreeze(member)
  return value
}

/** A map whose entries cannot be changed, not even by who casts its type away: freezing alone leaves a map open. */
export class FrozenMap<Key, Value> extends Map<Key, Value> {
  constructor(entries: Iterable<readonly [Key, Value]>) {
    super()
    for (const [key, value] of entries) super.set(key, deepFreeze(value))
  }

  override set(): never {
    throw new TypeError('The map is frozen')
  }

  override delete(): never {
    throw new TypeError('The map is frozen')
  }

  override clear(): never {
    throw new TypeError('The map is frozen')
  }
}
