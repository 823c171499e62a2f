import http from 'node:http'
import { text } from 'node:stream/consumers'
import type { Listening } from '../../config/network/listening.ts'
import { type Clock, DeadlineError, withDeadline } from '../../kernel/clock.ts'
import { errorCodes } from '../../kernel/error-codes.ts'

/** How long an address may take to answer, in milliseconds. Container engines allow health checks a few seconds. */
const DEADLINE = 2_000

/** The body of `/_proxy/livez` while the proxy lives. */
const LIVES = '{"status":"ok"}'

/** Which address of this machine to connect to where the proxy listens at all of them. */
const LOOPBACK_OF: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Resolves with what is wrong with the proxy at an address, as a predicate; null if it lives. Never rejects. */
export async function ask({ scheme, address }: Listening, clock: Clock): Promise<string | null> {
  if ('port' in address && address.port === 0) return 'has port 0, which stands for one that only the proxy knows'
  try {
    const { status, body } = await withDeadline(clock, DEADLINE, undefined, signal => get(scheme, address, signal))
    return status === 200 && body === LIVES ? null : 'is no prismacloud-proxy'
  } catch (error) {
    if (error instanceof DeadlineError) return `did not answer within ${DEADLINE / 1000} seconds`
    return `cannot be reached: ${errorCodes(error)[0]}`
  }
}

async function get(scheme: Listening['scheme'], address: Listening['address'], signal: AbortSignal) {
  // https takes a while to load
  const { request } = scheme === 'https' ? await import('node:https') : http
  const place =
    'path' in address
      ? { socketPath: address.path }
      : { host: LOOPBACK_OF[address.host] ?? address.host, port: address.port }
  // the proxy accepts this name at every address
  const headers = { host: 'localhost' }
  // The certificate may be of any CA and for other names. Nothing secret is sent, and nothing believed but that it lives.
  const options = { ...place, path: '/_proxy/livez', headers, rejectUnauthorized: false, signal, agent: false }
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request(options, resolve).once('error', reject).end()
  })
  return { status: response.statusCode, body: await text(response) }
}
