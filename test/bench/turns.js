import { measure } from './measure.js'

/**
 * Measures each load in windows that take turns, and adds them to the `windows` that its name has. Each is busy for `lead`
 * milliseconds before.
 */
export async function takeTurns(loads, windows, { rounds, window, lead = 0 }) {
  const waiting = [...loads]
  for (const { name } of loads) if (!windows.has(name)) windows.set(name, [])
  for (let round = 0; round < rounds; round++) {
    for (const { name, proxy, load } of waiting) {
      if (lead > 0) await load.window(lead)
      windows.get(name).push(await measure(proxy, load, window))
    }
    // each comes after each of the others in turn
    waiting.push(waiting.shift())
  }
  for (const { load } of loads) load.end()
}
