import { AuthApi } from '../auth/auth-api.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { ComputeConsoles } from '../forward/compute-consoles.ts'
import { Forwarder } from '../forward/forwarder.ts'
import { authorize } from '../guard/authorize.ts'
import type { SignedTokens } from '../guard/signed-tokens.ts'
import { type BodyOptions, Recorder } from '../inspect/recorder.ts'
import { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { RetryBudget } from '../retry/retry-budget.ts'
import type { CreateSession } from '../session/rotation.ts'
import { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { sharing } from '../session/shared/share.ts'
import type { Tracing } from '../telemetry/tracing/tracing.ts'
import type { Agents } from '../upstream/agent.ts'
import type { LiveConfig } from './live-config.ts'

/** The maximum memory for the bodies of all upstream errors that are held at one time, in bytes. */
const MAX_COLLECTED = 64 * 1024 * 1024

/** The parts that {@link makeForwarder} builds a forwarder from. */
export interface ForwardingParts {
  readonly live: LiveConfig
  readonly clock: Clock
  readonly agents: Agents
  readonly sessions: Sessions
  readonly pacer: Pacer
  /** Limits the memory for the kept bodies of all requests. */
  readonly kept: Budget
  readonly tokens: SignedTokens
  /** Whether the API is told of the spans of traced requests. */
  readonly propagates: boolean
}

/** Makes the forwarder, which uses the configuration that is in force at the time of each request. */
export function makeForwarder({ live, clock, agents, sessions, ...parts }: ForwardingParts): Forwarder {
  const callTimeout = () => live.config.session.callTimeout
  return new Forwarder({
    clock,
    agents,
    sessions,
    ...parts,
    collected: new Budget(() => MAX_COLLECTED),
    retryBudget: new RetryBudget(),
    consoles: new ComputeConsoles({ dispatcher: agents.fresh, clock, callTimeout }),
    config: () => live.config,
    secrets: tenant => [...sessions.secrets(tenant), ...live.config.clients.map(({ token }) => token)],
    authorize: (exchange, plan) => authorize(live.config, exchange, plan),
    cache: () => ({ answers: live.answers, rules: live.config.cache.rules }),
  })
}

/** Returns the secrets that a request of a client to a tenant may contain: theirs. */
type SecretsOf = BodyOptions['secrets']

/** Makes the function that finds the secrets of which nothing that is kept or sent about a request may contain any. */
export function secretsOf(live: LiveConfig, sessions: () => Sessions): SecretsOf {
  return ({ tenant, client }) => [
    ...(tenant === null ? [] : sessions().secrets(tenant)),
    // a thousand clients may be known; each token costs microseconds
    ...live.config.clients.filter(({ name }) => name === client).map(({ token }) => token),
  ]
}

/** Makes what keeps the latest requests. */
export function makeRecorder({
  live,
  clock,
  secrets,
}: Pick<ForwardingParts, 'live' | 'clock'> & { readonly secrets: SecretsOf }): Recorder {
  const { requests } = live.config.inspect
  return new Recorder(clock, Math.max(1, requests), { settings: () => live.config.inspect, secrets })
}

/** Makes the function that creates the session of a tenant, which is shared with the fleet, if there is one. */
export function makeSession(
  live: LiveConfig,
  { clock, agents, tracing }: Pick<ForwardingParts, 'clock' | 'agents'> & { readonly tracing: Tracing | null },
  fleet: Fleet | null,
): CreateSession {
  const settings = () => live.config.session
  const callTimeout = () => settings().callTimeout
  return (tenant, options, known) => {
    const { api, prismaId, customerName, credentials } = tenant
    const choice = { prismaId, customerName }
    const share = fleet && sharing(fleet, clock, tenant, known)
    const dispatcher = tracing ? tracing.calls(agents.fresh, tenant.name) : agents.fresh
    const auth = new AuthApi({ dispatcher, api, choice, clock, callTimeout })
    return new Session({ auth, api, credentials, clock, settings, ...options, ...(share && { share }) })
  }
}
