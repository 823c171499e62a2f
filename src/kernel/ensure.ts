/** A Map, or a cache that is used as one. */
interface MapLike<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

/** What a map has for a key; where it has nothing, what is made for it, and kept. */
export function ensure<K, V>(map: MapLike<K, V>, key: K, make: () => V): V {
  const there = map.get(key)
  if (there !== undefined) return there
  const made = make()
  map.set(key, made)
  return made
}
