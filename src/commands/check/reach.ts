import type { PeerCertificate } from 'node:tls'
import type { Config } from '../../config/config.ts'
import { createAgent } from '../../forward/agent.ts'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { errorCodes, explainNetworkError } from '../../kernel/network-error.ts'
import type { Target } from '../../stacks/resolve.ts'
import { bad, good, type Step } from './finding.ts'
import type { Way } from './outbound.ts'
import { witness } from './witness.ts'

const LABEL = 'TLS'

/** Behind an outbound proxy these are about the connection to the proxy itself. */
const CONNECTING = /^(E(NOTFOUND|AI_AGAIN|CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT)|UND_ERR_CONNECT_TIMEOUT)$/

/** How undici tells that a proxy made no tunnel. */
const NO_TUNNEL = /^Proxy response \((\d+)\)/

/** The same moment on two clocks, in milliseconds since the epoch. */
export interface Moment {
  readonly here: number
  /** By the `Date` header, in whole seconds; NaN without one. */
  readonly there: number
}

/** Sends one request as the proxy sends its own, with TLS verified. Any answer will do. */
export async function reach(
  target: Target,
  way: Way,
  { upstream, session }: Pick<Config, 'upstream' | 'session'>,
  clock: Clock,
): Promise<Step<Moment>> {
  const dispatcher = await createAgent(upstream)
  const request = { origin: target.api, path: `${target.basePath}/`, method: 'HEAD' } as const
  const ask = () =>
    withDeadline(clock, session.callTimeout, undefined, signal => dispatcher.request({ ...request, signal }))
  return witness(ask)
    .then(
      ({ result: { headers }, certificate }) =>
        good(LABEL, describe(certificate), { here: clock.now(), there: Date.parse(`${headers.date}`) }),
      error => bad(LABEL, explainFailure(error, new URL(target.api).host, way)),
    )
    .finally(() => dispatcher.destroy())
}

function describe(certificate: PeerCertificate | undefined): string {
  if (certificate === undefined) return 'none: plain http to this machine'
  const issuer = [certificate.issuer.O, certificate.issuer.CN].filter(Boolean).join(', ')
  return `verified: certificate by ${issuer}, valid until ${new Date(certificate.valid_to).toISOString().slice(0, 10)}`
}

/** Why no answer came, and the cure; an outbound proxy is named where it is at fault. */
export function explainFailure(error: unknown, host: string, { proxy }: Way): string {
  if (proxy === null) return explainNetworkError(error, host).detail
  const status = NO_TUNNEL.exec(error instanceof Error ? error.message : '')?.[1]
  if (status === '407')
    return `The outbound proxy ${proxy.host} wants a user and password: write http://user:password@${proxy.host}`
  if (status)
    return `The outbound proxy ${proxy.host} does not connect to ${host} (${status}): ask who runs it to allow that host`
  if (!errorCodes(error).some(code => CONNECTING.test(code))) return explainNetworkError(error, host).detail
  return `The outbound proxy: ${explainNetworkError(error, proxy.host).detail}`
}
