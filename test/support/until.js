import { setTimeout as sleep } from 'node:timers/promises'

/** How often is looked, in milliseconds. */
const POLL_INTERVAL = 50

/**
 * Looks until there is something to see, with pauses of `pause` milliseconds, and gives that. Rejects after `milliseconds`,
 * naming `what` was waited for.
 * @template T
 * @param {string} what
 * @param {number} milliseconds
 * @param {() => T | Promise<T>} look
 * @param {number} [pause]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, milliseconds, look, pause = POLL_INTERVAL) {
  const deadline = performance.now() + milliseconds
  while (performance.now() < deadline) {
    const seen = await look()
    if (seen) return seen
    await sleep(pause)
  }
  throw new Error(`waited ${milliseconds / 1000} s in vain for ${what}`)
}
