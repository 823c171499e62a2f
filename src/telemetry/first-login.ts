import type { SessionsEvents } from '../session/sessions.ts'

type Events = Omit<SessionsEvents, 'called' | 'keyUsed'>

/** The first login of the tenants, and session events without the rejections that the caller reports itself. */
export interface FirstLogin {
  readonly events: Events
  /** Waits for the login to settle. Until then, `events` drops rejections of awaited tenants. */
  waitFor(login: Promise<void>): Promise<void>
}

/**
 * Prevents a rejected access key from being logged twice: by the session events, and by the caller of the first login.
 * `isAwaited` says whether a tenant takes part in that login.
 */
export function firstLogin(events: Events, isAwaited: (tenant: string) => boolean): FirstLogin {
  let isRunning = false
  return {
    events: {
      ...events,
      changed(tenant, from, to, ...why) {
        if (!(isRunning && to === 'rejected' && isAwaited(tenant))) events.changed(tenant, from, to, ...why)
      },
    },
    async waitFor(login) {
      isRunning = true
      await login.finally(() => {
        isRunning = false
      })
    },
  }
}
