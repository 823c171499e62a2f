import type { Sessions } from '../session/sessions.ts'

/** Whether requests would be served, and which tenants stand in the way. */
export interface Readiness {
  readonly ready: boolean
  readonly waitingFor: readonly { readonly tenant: string; readonly state: string; readonly reason: string | null }[]
}

/** Ready once every tenant that is not lazy has a live session, or had one that nobody needs at the moment. */
export function readiness(sessions: Sessions): Readiness {
  const waitingFor = [...sessions.all()]
    .filter(({ tenant, session, rests }) => !tenant.lazy && !rests && session?.peek() === undefined)
    .map(({ tenant, session }) => {
      const status = session?.status()
      return { tenant: tenant.name, state: status?.state ?? 'idle', reason: status?.lastError?.reason ?? null }
    })
  return { ready: waitingFor.length === 0, waitingFor }
}
