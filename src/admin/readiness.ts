import type { Sessions } from '../session/sessions.ts'

/** The content of `/_proxy/readyz`: whether requests can be served, and the tenants that are not ready. */
export interface Readiness {
  readonly ready: boolean
  readonly waitingFor: readonly { readonly tenant: string; readonly state: string; readonly reason: string | null }[]
}

/** Computes readiness: every tenant that is not lazy has a live session, or had one and is idle. */
export function readiness(sessions: Sessions): Readiness {
  const waitingFor = [...sessions.all()]
    .filter(({ tenant, session, rests }) => !tenant.lazy && !rests && session?.peek() === undefined)
    .map(({ tenant, session }) => {
      const status = session?.status()
      return { tenant: tenant.name, state: status?.state ?? 'idle', reason: status?.lastError?.reason ?? null }
    })
  return { ready: waitingFor.length === 0, waitingFor }
}
