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

/** The same moment on two clocks, in milliseconds since the epoch. */
export interface ClockReadings {
  readonly here: number
  /** By the `Date` header, in whole seconds; NaN without one. */
  readonly there: number
}

/** Sends one request as the proxy sends its own. Any answer will do, from a host that TLS has verified. */
export async function reach(
  api: Api,
  { upstream, session }: Pick<Config, 'upstream' | 'session'>,
  clock: Clock,
): Promise<Step<ClockReadings>> {
  const agents = createAgents(upstream)
  const request = { origin: api.origin, path: `${api.basePath}/`, method: 'HEAD' } as const
  return witness(() => ask(agents.oneShot, request, { clock, timeout: session.callTimeout }))
    .then(
      ({ result: { headers }, peer }) =>
        judgePeer(api, peer, upstream.caFile, {
          here: clock.now(),
          there: Date.parse(`${headerOf(headers, 'date')}`),
        }),
      error => bad(LABEL, explainNetworkError(error, new URL(api.origin).host).detail),
    )
    .finally(() => agents.destroy())
}

/** Tells what vouches for the API by what its connection says, and gains `value` where that is enough. */
export function judgePeer<T>({ origin }: Api, peer: Peer | undefined, caFile: string | null, value: T): Step<T> {
  if (new URL(origin).protocol === 'http:') return good(LABEL, 'none: plain http to this machine', value)
  if (!peer?.authorized)
    return bad(LABEL, `the connection to ${new URL(origin).host} was not verified: this is a bug, tell of it`)
  return good(LABEL, describePeer(peer, caFile), value)
}

function describePeer({ protocol, certificate }: Peer, caFile: string | null): string {
  const { subject, subjectaltname, issuer, valid_to } = certificate
  const owner = subject.CN ?? subjectaltname
  const authority = [issuer.O, issuer.CN].filter(Boolean).join(', ')
  const until = new Date(valid_to).toISOString().slice(0, 10)
  const trusted =
    caFile === null ? '' : `; beside Node.js's own authorities those of upstream.caFile ${caFile} are trusted`
  return `verified, ${protocol}: certificate of ${owner} by ${authority}, valid until ${until}${trusted}`
}
