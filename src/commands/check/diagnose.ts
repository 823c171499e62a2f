import { askKeyExpiry, type KeyAnswer } from '../../auth/ask-key-expiry.ts'
import { AuthApi } from '../../auth/auth-api.ts'
import type { Config, TenantConfig } from '../../config/config.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Secret } from '../../kernel/secret.ts'
import { createAgents } from '../../upstream/agent.ts'
import type { Dispatcher } from '../../upstream/dispatcher.ts'
import { describeApi } from './api.ts'
import { judgeClock } from './clock.ts'
import { type Finding, needing, type Step } from './finding.ts'
import { judgeKey } from './key.ts'
import { lookUp, type Resolve } from './names.ts'
import { findWay } from './outbound.ts'
import { type ClockReadings, reach } from './reach.ts'
import { advise, extend, logIn, readKey } from './session.ts'

/** The clock and the resolver that a diagnosis uses. Tests pass their own. */
export interface Surroundings {
  readonly clock: Clock
  readonly resolve: Resolve
}

/** Tries step by step what a tenant's session needs, and yields each finding as soon as it is known. */
export async function* diagnose(tenant: TenantConfig, config: Config, around: Surroundings): AsyncGenerator<Finding> {
  const key = await readKey(tenant.credentials)
  yield key.finding
  yield describeApi(tenant.api)
  const reached = yield* diagnoseNetwork(tenant, config, around)
  yield (await needing('clock', reached, readings => judgeClock(readings, new URL(tenant.api.origin).host))).finding
  const token = await needing('login', reached, () =>
    needing('login', key, key => withAuth(tenant, config, around, auth => logIn(auth, key, advise(tenant, config)))),
  )
  yield token.finding
  const expiry = await needing('access key', token, token =>
    needing('access key', key, key => readExpiry(tenant, config, around, token, key.accessKeyId)),
  )
  yield expiry.finding
  yield (await needing('extend', token, token => withAuth(tenant, config, around, auth => extend(auth, token)))).finding
}

async function* diagnoseNetwork(
  { api }: TenantConfig,
  config: Config,
  { clock, resolve }: Surroundings,
): AsyncGenerator<Finding, Step<ClockReadings>> {
  const { connectTimeout } = config.upstream
  const way = findWay(api, config.upstream)
  yield way.finding
  const named = await needing('DNS', way, way => lookUp(api, way, { resolve, clock, timeout: connectTimeout }))
  yield named.finding
  const reached = await needing('TLS', named, () => reach(api, config, clock))
  yield reached.finding
  return reached
}

async function readExpiry(
  { api }: TenantConfig,
  config: Config,
  { clock }: Surroundings,
  token: Secret,
  accessKeyId: Secret,
): Promise<Step<never>> {
  const options = { clock, timeout: config.session.callTimeout }
  const answer = await withAgents(config, dispatcher =>
    askKeyExpiry(dispatcher, { api, token, accessKeyId }, options).catch(
      ({ message }: Error): KeyAnswer => ({ expiry: 'unknown', reason: message }),
    ),
  )
  return { finding: judgeKey(answer, clock.now()), value: undefined }
}

function withAuth<T>(
  { api, prismaId, customerName }: TenantConfig,
  config: Config,
  { clock }: Surroundings,
  work: (auth: AuthApi) => Promise<T>,
): Promise<T> {
  const choice = { prismaId, customerName }
  const callTimeout = () => config.session.callTimeout
  return withAgents(config, dispatcher => work(new AuthApi({ dispatcher, api, choice, clock, callTimeout })))
}

/** Creates the agents for a call just before the step that makes it, and destroys them afterwards. */
async function withAgents<T>({ upstream }: Config, work: (fresh: Dispatcher) => Promise<T>): Promise<T> {
  const agents = createAgents(upstream)
  return work(agents.fresh).finally(() => agents.destroy())
}
