/** Freezes a value and, recursively, the values of its properties. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const member of Object.values(Object.freeze(value))) deepFreeze(member)
  return value
}

/**
 * A map whose entries cannot be changed, not even after a cast. Its mutators throw a `TypeError`, because
 * `Object.freeze` does not protect the entries of a map.
 */
export class FrozenMap<Key, Value> extends Map<Key, Value> {
  constructor(entries: Iterable<readonly [Key, Value]>) {
    super()
    for (const [key, value] of entries) super.set(key, deepFreeze(value))
  }

  override set(): never {
    throw new TypeError('the map is frozen')
  }

  override delete(): never {
    throw new TypeError('the map is frozen')
  }

  override clear(): never {
    throw new TypeError('the map is frozen')
  }
}
