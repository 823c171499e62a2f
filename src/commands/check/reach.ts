import type { PeerCertificate } from 'node:tls'
import type { Config } from '../../config/config.ts'
import type { Clock } from '../../kernel/clock.ts'
import { explainNetworkError } from '../../kernel/network-error.ts'
import type { Target } from '../../stacks/resolve.ts'
import { createAgents } from '../../upstream/agent.ts'
import { ask } from '../../upstream/ask.ts'
import { headerOf } from '../../upstream/raw-headers.ts'
import { bad, good, type Step } from './finding.ts'
import { witness } from './witness.ts'

const LABEL = 'TLS'

/** The same moment on two clocks, in milliseconds since the epoch. */
export interface Moment {
  readonly here: number
  /** By the `Date` header, in whole seconds; NaN without one. */
  readonly there: number
}

/** Sends one request as the proxy sends its own, with TLS verified. Any answer will do. */
export async function reach(
  target: Target,
  { upstream, session }: Pick<Config, 'upstream' | 'session'>,
  clock: Clock,
): Promise<Step<Moment>> {
  const agents = await createAgents(upstream)
  const request = { origin: target.api, path: `${target.basePath}/`, method: 'HEAD' } as const
  return witness(() => ask(agents.fresh, request, { clock, timeout: session.callTimeout }))
    .then(
      ({ result: { headers }, certificate }) =>
        good(LABEL, describeTrust(certificate, upstream.caFile), {
          here: clock.now(),
          there: Date.parse(`${headerOf(headers, 'date')}`),
        }),
      error => bad(LABEL, explainNetworkError(error, new URL(target.api).host).detail),
    )
    .finally(() => agents.destroy())
}

/** What vouches for the API: none where it is on this machine. */
export function describeTrust(certificate: PeerCertificate | undefined, caFile: string | null): string {
  if (certificate === undefined) return 'none: plain http to this machine'
  const issuer = [certificate.issuer.O, certificate.issuer.CN].filter(Boolean).join(', ')
  const until = new Date(certificate.valid_to).toISOString().slice(0, 10)
  const trusted =
    caFile === null ? '' : `; beside Node.js's own authorities those of upstream.caFile ${caFile} are trusted`
  return `verified: certificate by ${issuer}, valid until ${until}${trusted}`
}
