import type { SessionsEvents } from '../session/sessions.ts'

type Events = Omit<SessionsEvents, 'called'>

/** The first login of the tenants, and events that leave to whoever waits for it what it comes to. */
export interface FirstLogin {
  readonly events: Events
  /** Waits for the login. Whose key is rejected meanwhile is not told. */
  waitFor(login: Promise<void>): Promise<void>
}

/** Keeps events from telling a second time what the first login came to. `isAwaited` tells which tenants have part in it. */
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
