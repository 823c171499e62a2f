import { Agent, type Dispatcher, request } from 'undici'
import type { Simulator } from '../simulator/index.ts'

/** One request of the tour, and what it is to show. */
interface Step {
  readonly shows: string
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Done to the simulator beforehand. */
  prepare?(simulator: Simulator): void
  /** Whether the answer is as promised. */
  holds(answer: Answer): boolean
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

const steps: readonly Step[] = [
  {
    shows: 'A plain request: the session is attached on the way',
    path: '/v2/policy',
    holds: ({ status, text }) => status === 200 && Array.isArray(JSON.parse(text)),
  },
  {
    shows: 'A POST as curl -d sends it: its form type becomes JSON',
    method: 'POST',
    path: '/v2/alert',
    body: '{"timeRange":{"type":"to_now","value":"epoch"},"limit":2}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    holds: ({ status, text }) => status === 200 && JSON.parse(text).items.length === 2,
  },
  {
    shows: 'Application security, which takes its token in another header',
    path: '/code/api/v1/repositories',
    holds: ({ status }) => status === 200,
  },
  {
    shows: 'A token that the upstream revoked: renewed, sent again, not noticed',
    path: '/cloud',
    prepare: simulator => simulator.revokeAll(),
    holds: ({ status, headers }) => status === 200 && headers['x-prismacloud-proxy-replayed'] === '1',
  },
  {
    shows: 'An error that hides in a header, made readable',
    path: '/errors/header',
    holds: ({ status, text }) => status === 400 && JSON.parse(text).detail.includes('timeRange'),
  },
  {
    shows: 'A download',
    path: '/alert/csv/1/download',
    holds: ({ status, headers }) => status === 200 && String(headers['content-type']).startsWith('text/csv'),
  },
  {
    shows: 'A request in a web page’s name is refused',
    path: '/v2/policy',
    headers: { origin: 'https://attacker.example' },
    holds: ({ status, text }) => status === 403 && JSON.parse(text).type.endsWith('/origin-not-allowed'),
  },
  {
    shows: 'The proxy tells how it is',
    path: '/_proxy/status',
    holds: ({ status, text }) => status === 200 && JSON.parse(text).ready === true,
  },
]

/** The milliseconds that a step may take. */
const DEADLINE = 15_000

/** What became of one step. */
export interface StepResult {
  readonly shows: string
  /** The request as one would type it. */
  readonly command: string
  /** The answer in a line. */
  readonly outcome: string
  readonly held: boolean
}

/** Takes the tour through the proxy at `address`, step by step. */
export async function* tour(address: string, simulator: Simulator): AsyncGenerator<StepResult> {
  // its own, for the default one follows the environment's outbound proxy where Node is told to
  const dispatcher = new Agent()
  try {
    for (const step of steps) {
      step.prepare?.(simulator)
      const { outcome, held } = await take(step, address, dispatcher)
      yield { shows: step.shows, command: command(step, address), outcome, held }
    }
  } finally {
    await dispatcher.destroy()
  }
}

async function take(
  step: Step,
  address: string,
  dispatcher: Dispatcher,
): Promise<Pick<StepResult, 'outcome' | 'held'>> {
  try {
    const answer = await ask(step, address, dispatcher)
    return { outcome: `${answer.status} ${excerpt(answer.text)}`, held: step.holds(answer) }
  } catch (error) {
    return { outcome: `failed: ${error}`, held: false }
  }
}

async function ask({ method = 'GET', path, body, headers = {} }: Step, address: string, dispatcher: Dispatcher) {
  const answer = await request(address + path, {
    dispatcher,
    method,
    headers,
    body: body ?? null,
    headersTimeout: DEADLINE,
    bodyTimeout: DEADLINE,
  })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

function command({ path, body, headers }: Step, address: string): string {
  const origin = headers?.origin ? ` -H 'Origin: ${headers.origin}'` : ''
  return `curl ${address}${path}${body ? ` -d '${body}'` : ''}${origin}`
}

/** The beginning of a text, on one line. */
function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
