import { computed, signal } from '@preact/signals'
import type { PageSession } from '../admin/page-session.ts'
import type { StatusEvents } from '../admin/status-news.ts'
import type { RequestRecord } from '../inspect/record.ts'

/** A request in the list. Headers and bodies are fetched when somebody opens it. */
export interface Row extends Omit<RequestRecord, 'change'> {
  /** Unique, also if clients use a request id twice, and after a restart of the proxy. */
  readonly key: string
}

/** Whether the page follows the proxy, and if not, why. */
export type Connection =
  | { readonly state: 'connecting' | 'live' | 'login' }
  | { readonly state: 'lost'; readonly reason: string }

/** What the proxy said when the page was loaded, or found it again. */
export const session = signal<PageSession | null>(null)

/** Whether the page follows the proxy now. */
export const connection = signal<Connection>({ state: 'connecting' })

/** The requests that the page knows, the newest first. */
export const rows = signal<readonly Row[]>([])

/** Tenants and their sessions; null until known, and for clients that are not admins. */
export const sessions = signal<StatusEvents['sessions'] | null>(null)

/** When {@link sessions} was received, in milliseconds since the epoch: lifetimes have counted down since. */
export const sessionsAt = signal(0)

/** The rate limits; null until known, and for clients that are not admins. */
export const limits = signal<StatusEvents['limits'] | null>(null)

/** The levels of the rate limits in the last ten minutes. */
export const levels = signal<StatusEvents['levels']>({ times: [], endpoints: [] })

/** The fleet; null if there is none, or it is not known. */
export const fleet = signal<StatusEvents['fleet'] | null>(null)

/** The requests of the last hour; null until known, and for clients that are not admins. */
export const traffic = signal<StatusEvents['traffic'] | null>(null)

/** The current time in milliseconds since the epoch, which advances each second. */
export const now = signal(Date.now())

/** Whether the page may change anything: send requests and renew sessions. */
export const mayAct = computed(() => session.value !== null && !session.value.isReadOnly)

/** Whether the list of requests stands still. */
export const paused = signal(false)
