// Handles one request to the simulator: reads it, applies a fault if one is queued for it, and writes the response.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Call, readCall } from './call.ts'
import { pause, type SimulatorClock } from './clock.ts'
import { control, isControl } from './control.ts'
import { faultResponse } from './faults/fault-response.ts'
import type { Fault } from './faults/faults.ts'
import { type ApiResponse, firstHalf, withHeaders } from './responses.ts'
import { respondTo } from './routes/api.ts'
import type { SimulatorState } from './state.ts'

// RFC 9110, 8.6: a 204 must not carry a content-length, and that of a 304 describes the 200 response.
const BODILESS = new Set([204, 304])

/** Handles one request until its response has been sent. Never rejects; a client that disconnects ends it early. */
export async function handleRequest(
  request: IncomingMessage,
  out: ServerResponse,
  state: SimulatorState,
  clock: SimulatorClock,
): Promise<void> {
  const call = readCall(request)
  if (!isControl(call)) return handleApiCall(call, out, state, clock)
  if (await call.body.complete) await send(out, control(call, state))
}

async function handleApiCall(
  call: Call,
  out: ServerResponse,
  state: SimulatorState,
  clock: SimulatorClock,
): Promise<void> {
  const record = state.log.open(call)
  const fault = state.faults.take(call.path)
  if (fault) state.log.counts.faults++
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'reset') return void out.destroy()
  if (fault?.kind === 'slow' && !(await pause(clock, fault.delay, closing(out)))) return
  const response = await decide(call, fault, state)
  if (!response) return
  record(response.status)
  const identified = withHeaders(response, {
    date: new Date(state.now()).toUTCString(),
    'x-redlock-request-id': randomUUID(),
  })
  await (fault?.kind === 'cut' ? sendHalf(out, identified) : send(out, identified))
}

/** The response to a call; undefined when the client disconnected before it had sent the whole body. */
async function decide(call: Call, fault: Fault | undefined, state: SimulatorState): Promise<ApiResponse | undefined> {
  if (fault?.kind === 'expire') state.tokens.expireAll()
  if (fault?.kind === 'revoke') state.tokens.revokeAll()
  const replacement = fault && faultResponse(fault)
  if (replacement) return replacement
  if (!(await call.body.complete)) return undefined
  const response = respondTo(call, state, fault?.kind === 'limiter-down')
  return fault?.kind === 'cut-json' ? firstHalf(response) : response
}

function closing(out: ServerResponse): AbortSignal {
  const closed = new AbortController()
  out.once('close', () => closed.abort())
  return closed.signal
}

async function send(out: ServerResponse, response: ApiResponse): Promise<void> {
  writeHead(out, response)
  await write(out, response.chunks, true)
}

async function sendHalf(out: ServerResponse, response: ApiResponse): Promise<void> {
  writeHead(out, response)
  out.flushHeaders()
  await write(out, firstHalf(response).chunks, false)
  out.req.socket.destroySoon()
}

function writeHead(out: ServerResponse, { status, headers, length }: ApiResponse): void {
  out.writeHead(status, BODILESS.has(status) ? headers : { ...headers, 'content-length': length })
}

/**
 * Writes a body at the client's pace; Node.js itself leaves it out for HEAD. It fails only when the client disconnects,
 * and then there is nobody to report the error to.
 */
function write(out: ServerResponse, chunks: Iterable<Buffer>, end: boolean): Promise<void> {
  return pipeline(Readable.from(chunks), out, { end }).catch(() => {})
}
