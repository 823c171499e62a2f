import type { Sessions } from '../session/sessions.ts'

/** The content of `/_proxy/readyz`: whether clients should send requests, and the tenants that are not ready. */
export interface Readiness {
  readonly ready: boolean
  /** Whether the proxy is shutting down. */
  readonly draining: boolean
  readonly waitingFor: readonly { readonly tenant: string; readonly state: string; readonly reason: string | null }[]
}

/**
 * Computes readiness: the proxy is not shutting down, and every tenant that is not lazy has a live session, or had one
 * and is idle.
 */
export function readiness(sessions: Sessions, draining = false): Readiness {
  const waitingFor = [...sessions.all()]
    .filter(({ tenant, session, rests }) => !tenant.lazy && !rests && session?.peek() === undefined)
    .map(({ tenant, session }) => {
      const status = session?.status()
      return { tenant: tenant.name, state: status?.state ?? 'idle', reason: status?.lastError?.reason ?? null }
    })
  return { ready: !draining && waitingFor.length === 0, draining, waitingFor }
}
