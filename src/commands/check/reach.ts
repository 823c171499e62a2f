import type { Config } from '../../config/config.ts'
import { headerOf } from '../../http/raw-headers.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Api } from '../../stacks/resolve.ts'
import { createAgents } from '../../upstream/agent.ts'
import { ask } from '../../upstream/ask.ts'
import { explainNetworkError } from '../../upstream/network-error.ts'
import { bad, good, type Step } from './finding.ts'
import { type Peer, witness } from './witness.ts'

const LABEL = 'TLS'

/** What this machine's clock and the API host's clock showed at one moment, in milliseconds since the epoch. */
export interface ClockReadings {
  readonly local: number
  /** The `Date` header of a response (RFC 9110, section 6.6.1), in whole seconds; NaN if the response has none. */
  readonly remote: number
}

/**
 * Sends `HEAD` to the API's base path over a new connection, as auth calls do. Passes with any response from a
 * host that TLS verified, and returns the readings of both clocks.
 */
export async function reach(
  api: Api,
  { upstream, session }: Pick<Config, 'upstream' | 'session'>,
  clock: Clock,
): Promise<Step<ClockReadings>> {
  const agents = createAgents(upstream)
  const request = { origin: api.origin, path: `${api.basePath}/`, method: 'HEAD' } as const
  return witness(() => ask(agents.fresh, request, { clock, timeout: session.callTimeout }))
    .then(
      ({ result: { headers }, peer }) =>
        judgePeer(api, peer, upstream.caFile, {
          local: clock.now(),
          remote: Date.parse(`${headerOf(headers, 'date')}`),
        }),
      error => bad(LABEL, explainNetworkError(error, new URL(api.origin).host).detail),
    )
    .finally(() => agents.destroy())
}

/** Judges the TLS connection to an API by what its socket reports, and returns `value` if the host was verified. */
export function judgePeer<T>({ origin }: Api, peer: Peer | undefined, caFile: string | null, value: T): Step<T> {
  if (new URL(origin).protocol === 'http:') return good(LABEL, 'none: plain http to this machine', value)
  if (!peer?.authorized)
    return bad(LABEL, `the connection to ${new URL(origin).host} was not verified; this is a bug, please report it`)
  return good(LABEL, describePeer(peer, caFile), value)
}

function describePeer({ protocol, certificate }: Peer, caFile: string | null): string {
  const { subject, subjectaltname, issuer, valid_to } = certificate
  const owner = subject.CN ?? subjectaltname
  const authority = [issuer.O, issuer.CN].filter(Boolean).join(', ')
  const until = new Date(valid_to).toISOString().slice(0, 10)
  const trusted = caFile === null ? '' : `; upstream.caFile ${caFile} is trusted in addition to Node.js's CAs`
  return `verified, ${protocol}, certificate of ${owner} issued by ${authority}, valid until ${until}${trusted}`
}
