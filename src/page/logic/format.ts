const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000]

/** A duration for people: `852 ms`, `1.2 s`, `3 min`, `5 h`, `12 days`. Takes milliseconds. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < 2 * MINUTE) return `${Math.round(ms / SECOND)} s`
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)} min`
  return ms < 2 * DAY ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / DAY)} days`
}

/** A size for people: `512 B`, `1.5 kB`, `12 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kB'] : [bytes / 1_000_000, 'MB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** The local time of day, to the second: `17:57:12`. */
export function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}

/** A count with its noun: `1 request`, `3 requests`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** What a status is to people: `ok`, `client` error, `server` error, `aborted` or still `running`. */
export function kindOf(status: number | null): 'ok' | 'client' | 'server' | 'aborted' | 'running' {
  if (status === null) return 'running'
  if (status === 0) return 'aborted'
  if (status >= 500) return 'server'
  return status >= 400 ? 'client' : 'ok'
}

/** A status as the list shows it. */
export function statusText(status: number | null): string {
  return status === null ? '…' : status === 0 ? 'left' : `${status}`
}
