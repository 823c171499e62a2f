import type { Simulator } from '../../simulator/index.ts'
import { type StepResult, take } from './step.ts'
import { TourClient, type TourRequest, type TourResponse } from './tour-client.ts'

/** One request of the tour, and the feature that it demonstrates. */
interface Step extends TourRequest {
  readonly shows: string
  readonly path: string
  /** Prepares the simulator for the step. */
  prepare?(simulator: Simulator): void
  /** Whether the response is as expected. */
  holds(response: TourResponse): boolean
}

const steps: readonly Step[] = [
  {
    shows: 'A plain request: the proxy adds the session',
    path: '/v2/policy',
    holds: ({ status, text }) => status === 200 && Array.isArray(JSON.parse(text)),
  },
  {
    shows: 'A POST by curl -d: the proxy replaces the form content type with JSON',
    method: 'POST',
    path: '/v2/alert',
    body: '{"timeRange":{"type":"to_now","value":"epoch"},"limit":2}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    holds: ({ status, text }) => status === 200 && JSON.parse(text).items.length === 2,
  },
  {
    shows: 'Application security, which expects the token in another header',
    path: '/code/api/v1/repositories',
    holds: ({ status }) => status === 200,
  },
  {
    shows: 'A revoked token: the proxy renews the session and retries the request',
    path: '/cloud',
    prepare: simulator => simulator.revokeAll(),
    holds: ({ status, headers }) => status === 200 && headers['x-prismacloud-proxy-replayed'] === '1',
  },
  {
    shows: 'An error that the API reports in a header, as a readable document',
    path: '/errors/header',
    holds: ({ status, text }) => status === 400 && JSON.parse(text).upstream.errors[0].subject === 'timeRange',
  },
  {
    shows: 'A file download',
    path: '/alert/csv/1/download',
    holds: ({ status, headers }) => status === 200 && String(headers['content-type']).startsWith('text/csv'),
  },
  {
    shows: 'A request from a web page is rejected',
    path: '/v2/policy',
    headers: { origin: 'https://attacker.example' },
    holds: ({ status, text }) => status === 403 && JSON.parse(text).type.endsWith('/origin-not-allowed'),
  },
  {
    shows: 'Status',
    path: '/_proxy/status',
    holds: ({ status, text }) => status === 200 && JSON.parse(text).ready === true,
  },
]

/**
 * Takes the tour through the proxy at `address` and yields the result of each step: the status and the start of the
 * response body.
 */
export async function* tour(address: string, simulator: Simulator): AsyncGenerator<StepResult> {
  const client = new TourClient()
  try {
    for (const step of steps) {
      step.prepare?.(simulator)
      yield await take(step.shows, command(step, address), async () => {
        const response = await client.ask(address + step.path, step)
        return { outcome: `${response.status} ${excerpt(response.text)}`, held: step.holds(response) }
      })
    }
  } finally {
    await client.close()
  }
}

function command({ path, body, headers }: Step, address: string): string {
  const origin = headers?.origin ? ` -H 'Origin: ${headers.origin}'` : ''
  return `curl ${address}${path}${body ? ` -d '${body}'` : ''}${origin}`
}

/** Returns the start of a text, on one line. */
function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
