import { escapeUnprintable } from '../kernel/printable.ts'

/** Formats a text for a terminal, or returns it as it is. */
export type PaintStatus = (colour: 'green' | 'cyan' | 'yellow' | 'red' | 'gray', text: string) => string

/** What people are told of a request in one line. */
export interface RequestFacts {
  readonly method: string
  readonly target: string
  /** 0 if the client left before the response was complete; null while the request runs. */
  readonly status: number | null
  /** How long it took, and how long it waited for the rate limit, in milliseconds. */
  readonly ms: number
  readonly queue: number
  readonly tenant: string | null
  readonly requestId: string
  /** Why it failed; null if it did not. */
  readonly failure: string | null
}

/** The colour of a status by its first digit. */
const COLOURS: Readonly<Record<string, Parameters<PaintStatus>[0]>> = { 2: 'green', 3: 'cyan', 4: 'yellow', 5: 'red' }

/** How many characters of a request id are enough for people to find it in other logs. */
const ID_PART = 4

/**
 * Describes a request in one line for people, such as `200 POST /v2/alert 852 ms (queued 840) eu …0012`: status, method,
 * target, duration, time in the queue, tenant and the end of the request id.
 */
export function requestLine(facts: RequestFacts, paint: PaintStatus): string {
  const { method, target, status, ms, queue, tenant, requestId, failure } = facts
  const code = status === null ? 'running' : status === 0 ? 'aborted' : `${status}`
  const parts = [
    paint(COLOURS[code.charAt(0)] ?? 'gray', code),
    escapeUnprintable(`${method} ${target} ${Math.round(ms)} ms`),
    Math.round(queue) > 0 && `(queued ${Math.round(queue)})`,
    tenant,
    paint('gray', `…${escapeUnprintable(requestId.slice(-ID_PART))}`),
  ]
  const line = parts.filter(Boolean).join(' ')
  return failure === null ? line : `${line}: ${escapeUnprintable(failure)}`
}

/** Makes a function that describes the requests in a log by their records. Undefined for records of anything else. */
export function requestLines(paint: PaintStatus): (record: Readonly<Record<string, unknown>>) => string | undefined {
  return record => {
    const facts = loggedRequest(record)
    return facts && requestLine(facts, paint)
  }
}

function loggedRequest(record: Readonly<Record<string, unknown>>): RequestFacts | undefined {
  const { method, path, status, ms, queue, tenant, requestId, problem, msg } = record
  if (typeof method !== 'string' || typeof status !== 'number') return undefined
  return {
    method,
    target: `${path}`,
    status,
    ms: Number(ms),
    queue: Number(queue),
    tenant: typeof tenant === 'string' ? tenant : null,
    requestId: `${requestId}`,
    // the message says why after its first words
    failure: problem === undefined ? null : `${msg}`.replace(/^.*?: /, ''),
  }
}
