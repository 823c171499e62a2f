import type { Row } from '../state.ts'

/** An endpoint with a rate limit, as the status names it: the method and the path template of a tenant. */
interface Endpoint {
  readonly tenant: string
  readonly endpoint: string
}

/** The clients that have requests to an endpoint now, waiting or sent, with how many; those with the most come first. */
export function clientsAt({ tenant, endpoint }: Endpoint, rows: readonly Row[]): [client: string, count: number][] {
  const counts = new Map<string, number>()
  for (const row of rows) {
    if (row.status !== null || row.client === null) continue
    if (row.tenant !== tenant || `${row.method} ${row.operation}` !== endpoint) continue
    counts.set(row.client, (counts.get(row.client) ?? 0) + 1)
  }
  return [...counts].sort(([, one], [, other]) => other - one)
}
