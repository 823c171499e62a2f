import type { Signal } from '@preact/signals'
import { type ServerSentEvent, serverSentEvents } from '../http/server-sent-events.ts'
import { withReading } from './logic/level-line.ts'
import { RowStore } from './logic/row-store.ts'
import { askSession, CallFailed, call } from './proxy.ts'
import { connection, fleet, levels, limits, rows, sessions, sessionsAt, traffic } from './state.ts'

/** How long to wait before the proxy is asked again, in milliseconds. */
const RETRY_INTERVAL = 1_000

/** What an event of each type replaces. */
const REPLACED: Readonly<Record<string, Signal>> = { sessions, limits, levels, fleet, traffic }

const store = new RowStore()
let leaving = new AbortController()
let lastEventId = ''
let isScheduled = false

/** Follows the proxy's events for as long as the page is open. */
export async function follow(): Promise<never> {
  // a browser has six connections to a host, for all tabs together
  document.addEventListener('visibilitychange', () => document.hidden && leaving.abort())
  for (;;) {
    await untilVisible()
    leaving = new AbortController()
    const { signal } = leaving
    await followOnce(signal).catch(async error => {
      if (signal.aborted) return
      connection.value = { state: 'lost', reason: error instanceof Error ? error.message : String(error) }
      await new Promise(resolve => setTimeout(resolve, RETRY_INTERVAL))
    })
  }
}

/** Forgets everything and asks the proxy again: somebody has logged in or out. */
export function followAnew(): void {
  for (const each of [sessions, limits, fleet, traffic]) each.value = null
  store.clear()
  rows.value = []
  lastEventId = ''
  leaving.abort()
}

async function followOnce(signal: AbortSignal): Promise<void> {
  const { needsLogin } = await askSession()
  if (needsLogin) {
    connection.value = { state: 'login' }
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    return
  }
  const headers = new Headers(lastEventId === '' ? {} : { 'last-event-id': lastEventId })
  const { body } = await call('/_proxy/events', { headers, signal })
  connection.value = { state: 'live' }
  for await (const event of serverSentEvents(chunksOf(body as ReadableStream<Uint8Array>))) take(event)
  throw new CallFailed('The proxy has closed the connection. Is it shutting down?')
}

function take({ id, type, data }: ServerSentEvent): void {
  const value = JSON.parse(data)
  const replaced = REPLACED[type]
  if (replaced) replaced.value = value
  if (type === 'sessions') sessionsAt.value = Date.now()
  if (type === 'limits') levels.value = withReading(levels.value, value, Date.now())
  if (type !== 'request') return
  lastEventId = id
  store.put(`${id.split('/')[0]}`, value)
  if (isScheduled) return
  isScheduled = true
  // with the next frame: hundreds of requests a second must not each draw the list
  requestAnimationFrame(() => {
    isScheduled = false
    rows.value = store.newestFirst()
  })
}

/** What a stream holds. Not every browser can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new CallFailed('The connection to the proxy is lost. Is it running?')
    })
    if (done) return
    yield value
  }
}

async function untilVisible(): Promise<void> {
  while (document.hidden)
    await new Promise(resolve => document.addEventListener('visibilitychange', resolve, { once: true }))
}
