import type { TenantConfig } from '../../config/config.ts'
import type { Agents } from '../../upstream/agent.ts'

/** The most connections that are opened before the proxy is put together. */
const MOST = 10

/**
 * Opens the connections for the first logins, one for each API, so that they are made while the rest of the program is
 * loaded and put together.
 */
export function connectEarly(agents: Agents, tenants: Iterable<TenantConfig>): void {
  const eager = [...tenants].filter(({ lazy }) => !lazy)
  const origins = new Set(eager.map(({ api }) => api.origin))
  for (const origin of [...origins].slice(0, MOST)) agents.connectEarly(origin)
}
