import { measure } from './measure.js'

/** Measures each load in windows that take turns, and gives the windows of each by its name. */
export async function takeTurns(loads, { rounds, window }) {
  const waiting = [...loads]
  const windows = new Map(loads.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, proxy, load } of waiting) windows.get(name).push(await measure(proxy, load, window))
    // each comes after each of the others in turn
    waiting.push(waiting.shift())
  }
  for (const { load } of loads) load.end()
  return windows
}
