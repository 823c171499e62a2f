import { request } from 'undici'

/** The deadline of a call to a process's own paths, in milliseconds. */
const DEADLINE = 10_000

/** Calls one of the proxy's or the simulator's own paths, which answer with JSON at once. */
export async function call(method, url, body = null) {
  const answer = await request(url, {
    method,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE),
  })
  return { status: answer.statusCode, body: await answer.body.json() }
}
