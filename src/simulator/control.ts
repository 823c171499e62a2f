// The control API under `/_simulator/`, with which demos and tests steer a simulator over HTTP.

import type { Call } from './call.ts'
import { readFault } from './faults/fault-reader.ts'
import { isObject, parseJson } from './json-value.ts'
import { type ApiResponse, json } from './responses.ts'
import type { SimulatorState } from './state.ts'

type Action = (state: SimulatorState, body: unknown) => void

const PREFIX = '/_simulator/'

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['GET state', () => {}],
  ['POST faults', (state, body) => state.faults.add(readFault(body))],
  ['DELETE faults', state => state.faults.clear()],
  ['POST expire', state => state.tokens.expireAll()],
  ['POST revoke', state => state.tokens.revokeAll()],
  ['PUT lifetime', setLifetime],
])

/** Whether a call addresses the simulator itself. Such a call needs no token, is not recorded and triggers no fault. */
export function isControl({ path }: Call): boolean {
  return path.startsWith(PREFIX)
}

/** Executes a control call. Returns the resulting state, a 400 with the error, or a 404 with the known actions. */
export function control({ method, path, body }: Call, state: SimulatorState): ApiResponse {
  const action = ACTIONS.get(`${method} ${path.slice(PREFIX.length)}`)
  if (!action) return json({ error: `unknown action; expected one of: ${[...ACTIONS.keys()].join(', ')}` }, 404)
  try {
    action(state, parseJson(body.text ?? ''))
    return json(snapshot(state))
  } catch (error) {
    return json({ error: String(error) }, 400)
  }
}

function setLifetime({ tokens }: SimulatorState, body: unknown): void {
  tokens.lifetime = isObject(body) ? Number(body.seconds) : Number.NaN
}

function snapshot({ log, tokens, limits, faults }: SimulatorState): object {
  return {
    counts: log.counts,
    tokenLifetime: tokens.lifetime,
    refill: limits.refill,
    faults: faults.pending.map(({ fault, path, left }) => ({
      ...fault,
      path,
      times: left === Number.POSITIVE_INFINITY ? 'always' : left,
    })),
    requests: log.requests.map(({ method, url, status, body }) => ({ method, url, status, body })),
  }
}
