// The load: clients that each send one request after the other.
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { between, seeded } from '../support/random.js'
import { anyRequest } from './requests.js'

const CLIENTS = 50

/** What a client does nothing for between two requests, in milliseconds: two shared cores are not to be saturated. */
const SHORTEST_THOUGHT = 100
const LONGEST_THOUGHT = 350

/** How long an answer may stay away or pause, in milliseconds: longer than the proxy lets a request wait for a session. */
const ANSWER_DEADLINE = 30_000

/** How much of an unexpected answer is shown, in characters. */
const EXCERPT = 300

/** Sends requests until the signal comes, tells `tally` of each, and resolves once the last answer is there. */
export async function runClients(pool, seed, tally, over) {
  const clients = Array.from({ length: CLIENTS }, (_, index) => runClient(pool, seeded(seed + 1 + index), tally, over))
  await Promise.all(clients)
}

/** Connections to the proxy that are kept, one for each client. */
export function openPool(proxy) {
  return new Pool(proxy, { connections: CLIENTS, headersTimeout: ANSWER_DEADLINE, bodyTimeout: ANSWER_DEADLINE })
}

async function runClient(pool, random, tally, over) {
  while (!over.aborted) {
    const from = performance.now()
    const outcome = await send(pool, anyRequest(random))
    tally.add({ ...outcome, milliseconds: performance.now() - from })
    await sleep(between(random, SHORTEST_THOUGHT, LONGEST_THOUGHT))
  }
}

/**
 * Sends one request and says how it went; `error` is absent when the answer is the expected one. Never rejects.
 * @param {Pool} pool
 * @param {import('./requests.js').Asked} asked
 * @returns {Promise<{ status: number, replayed: boolean, error?: { kind: string, example: string } }>}
 */
export async function send(pool, { method, path, body = null, type, check }) {
  try {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await pool.request({ method, path, headers, body })
    const bytes = Buffer.from(await answer.body.arrayBuffer())
    const replayed = answer.headers['x-prismacloud-proxy-replayed'] === '1'
    const error = judge(answer.statusCode, { headers: answer.headers, body: bytes, replayed }, check)
    return { status: answer.statusCode, replayed, ...(error && { error }) }
  } catch (error) {
    return { status: 0, replayed: false, error: { kind: error.code ?? error.name, example: error.message } }
  }
}

function judge(status, answer, check) {
  const example = answer.body.toString().slice(0, EXCERPT)
  if (status !== 200) {
    return { kind: `${status} ${problemName(answer.body)}${answer.replayed ? ', sent twice' : ''}`, example }
  }
  try {
    check(answer)
    return undefined
  } catch {
    return { kind: '200 with wrong content', example }
  }
}

/** The last part of a problem's type: `session-unavailable`. */
function problemName(body) {
  try {
    return JSON.parse(body.toString()).type.split('/').at(-1)
  } catch {
    return 'without a problem document'
  }
}
