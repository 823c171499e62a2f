/** A Map, or a cache with the same methods. */
interface MapLike<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

/** Returns the value of `key`. If the map has none, makes one, stores it and returns it. */
export function ensure<K, V>(map: MapLike<K, V>, key: K, make: () => V): V {
  const existing = map.get(key)
  if (existing !== undefined) return existing
  const made = make()
  map.set(key, made)
  return made
}
