import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Call, readCall } from './call.ts'
import { pause, type SimulatorClock } from './clock.ts'
import { control, isControl } from './control.ts'
import { faultAnswer } from './faults/fault-response.ts'
import type { Fault } from './faults/faults.ts'
import { type Answer, firstHalf, withHeaders } from './responses.ts'
import { answerTo } from './routes/api.ts'
import type { Vendor } from './state.ts'

// RFC 9110, 8.6: a 204 must not carry a content-length, and that of a 304 tells of another answer.
const BODILESS = new Set([204, 304])

/** Takes one request from its arrival to the end of its answer. Never rejects; a client that leaves ends it. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  vendor: Vendor,
  clock: SimulatorClock,
): Promise<void> {
  const call = readCall(request)
  if (!isControl(call)) return converse(call, response, vendor, clock)
  if (await call.body.complete) await send(response, control(call, vendor))
}

async function converse(call: Call, response: ServerResponse, vendor: Vendor, clock: SimulatorClock): Promise<void> {
  const record = vendor.log.open(call)
  const fault = vendor.faults.take(call.path)
  if (fault) vendor.log.counts.faults++
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'reset') return void response.destroy()
  if (fault?.kind === 'slow' && !(await pause(clock, fault.delay, closing(response)))) return
  const given = await decide(call, fault, vendor)
  if (!given) return
  record(given.status)
  const identified = withHeaders(given, {
    date: new Date(vendor.now()).toUTCString(),
    'x-redlock-request-id': randomUUID(),
  })
  await (fault?.kind === 'cut' ? sendHalf(response, identified) : send(response, identified))
}

/** The answer to a call; undefined when the client left before it had sent all of its body. */
async function decide(call: Call, fault: Fault | undefined, vendor: Vendor): Promise<Answer | undefined> {
  if (fault?.kind === 'expire') vendor.tokens.expireAll()
  if (fault?.kind === 'revoke') vendor.tokens.revokeAll()
  const replacement = fault && faultAnswer(fault)
  if (replacement) return replacement
  if (!(await call.body.complete)) return undefined
  const given = answerTo(call, vendor)
  return fault?.kind === 'cut-json' ? firstHalf(given) : given
}

function closing(response: ServerResponse): AbortSignal {
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  return closed.signal
}

async function send(response: ServerResponse, given: Answer): Promise<void> {
  writeHead(response, given)
  await write(response, given.chunks, true)
}

async function sendHalf(response: ServerResponse, given: Answer): Promise<void> {
  writeHead(response, given)
  response.flushHeaders()
  await write(response, firstHalf(given).chunks, false)
  response.req.socket.destroySoon()
}

function writeHead(response: ServerResponse, { status, headers, length }: Answer): void {
  response.writeHead(status, BODILESS.has(status) ? headers : { ...headers, 'content-length': length })
}

/** Writes at the client's pace; Node itself keeps the body from a HEAD. Only a client that leaves can make it fail, and then nobody is left to tell. */
function write(response: ServerResponse, chunks: Iterable<Buffer>, end: boolean): Promise<void> {
  return pipeline(Readable.from(chunks), response, { end }).catch(() => {})
}
