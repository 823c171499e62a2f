// Chance that can be repeated: everything random in the soak comes from one seed.

/**
 * A generator of numbers in [0, 1) that depend on the seed alone (mulberry32).
 * @param {number} seed an unsigned integer of 32 bits
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from `least` to `most`, both included. */
export function between(random, least, most) {
  return least + Math.floor(random() * (most - least + 1))
}

/** One of the items. */
export function pick(random, items) {
  return items[between(random, 0, items.length - 1)]
}

/** The items in another order. */
export function shuffled(random, items) {
  return items
    .map(item => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}
