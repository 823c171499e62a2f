import { LONGEST_TIMER } from '../../kernel/clock.ts'
import { InvalidValue } from '../fault.ts'

/** A duration: a whole number and its unit. */
export const DURATION = /^(\d+)(ms|s|m|h)$/

/** A size: a whole number and its unit. */
export const SIZE = /^(\d+)(B|KiB|MiB)$/

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2 }

const LARGEST_SIZE = 1024 ** 3

/** Milliseconds of a duration such as `500ms`, `15s`, `2m` or `1h`; more than none. Throws an `InvalidValue`. */
export function parseDuration(text: string): number {
  const ms = amount(DURATION.exec(text), MILLISECONDS)
  if (Number.isNaN(ms)) throw new InvalidValue('is not a duration', 'Write a whole number and ms, s, m or h: 15s.')
  if (ms < 1 || ms > LONGEST_TIMER)
    throw new InvalidValue('is not between 1ms and 596h', 'Write a duration within these bounds.')
  return ms
}

/** Bytes of a size such as `4096B`, `512KiB` or `1MiB`; none is allowed. Throws an `InvalidValue`. */
export function parseSize(text: string): number {
  const bytes = amount(SIZE.exec(text), BYTES)
  if (Number.isNaN(bytes)) throw new InvalidValue('is not a size', 'Write a whole number and B, KiB or MiB: 1MiB.')
  if (bytes > LARGEST_SIZE) throw new InvalidValue('is more than 1024MiB', 'Write a smaller size.')
  return bytes
}

function amount(parts: RegExpExecArray | null, units: Readonly<Record<string, number>>): number {
  const [, number, unit = ''] = parts ?? []
  return Number(number) * (units[unit] ?? Number.NaN)
}
