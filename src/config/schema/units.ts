import { LONGEST_TIMER } from '../../kernel/clock.ts'
import { InvalidValue, MalformedValue } from '../fault.ts'

/** A duration: a whole number and its unit. */
export const DURATION = /^(\d+)(ms|s|m|h)$/

/** A size: a whole number and its unit. */
export const SIZE = /^(\d+)(B|KiB|MiB)$/

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2 }

const LARGEST_SIZE = 1024 ** 3

/**
 * Reads a duration such as `500ms`, `15s`, `2m` or `1h` and returns it in milliseconds. Throws an `InvalidValue`, also
 * for 0.
 */
export function parseDuration(text: string): number {
  const ms = amount(DURATION.exec(text), MILLISECONDS)
  if (Number.isNaN(ms))
    throw new MalformedValue('invalid duration', 'expected a whole number with unit ms, s, m or h, e.g. 15s')
  if (ms < 1 || ms > LONGEST_TIMER) throw new InvalidValue('is out of range', 'expected a duration from 1ms to 596h')
  return ms
}

/** Reads a size such as `4096B`, `512KiB` or `1MiB` and returns it in bytes; 0 is allowed. Throws an `InvalidValue`. */
export function parseSize(text: string): number {
  const bytes = amount(SIZE.exec(text), BYTES)
  if (Number.isNaN(bytes))
    throw new MalformedValue('invalid size', 'expected a whole number with unit B, KiB or MiB, e.g. 1MiB')
  if (bytes > LARGEST_SIZE) throw new InvalidValue('is too large', 'expected at most 1024MiB')
  return bytes
}

function amount(parts: RegExpExecArray | null, units: Readonly<Record<string, number>>): number {
  const [, number, unit = ''] = parts ?? []
  return Number(number) * (units[unit] ?? Number.NaN)
}
