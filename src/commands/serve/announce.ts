import type { Readiness } from '../../admin/readiness.ts'
import type { Outstanding } from '../../app/app.ts'
import type { Config, TenantConfig } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { escapeUnprintable } from '../../kernel/printable.ts'
import { version } from '../../kernel/product.ts'
import type { Host } from '../host.ts'
import { painter } from '../terminal/colour.ts'
import { shellQuoted } from '../terminal/shell.ts'

const SECOND = 1_000

/** The addresses that the proxy listens on, as URLs or `unix:/path`. */
export interface Listening {
  readonly address: string
  /** The https address, if there is one. */
  readonly secure: string | null
  /** The address that serves only reports, if there is one. */
  readonly admin: string | null
  /** The file with the certificate that https clients must trust; null if they already trust it. */
  readonly trust: string | null
}

/** Reports the stages of the proxy's life to the person or log collector that watches its output. */
export interface Announcer {
  listening(listening: Listening): void
  ready(): void
  notReady(waitingFor: Readiness['waitingFor']): void
  shuttingDown(outstanding: Outstanding): void
}

/** Whether the output is for a person: a terminal, unless `log.format` is json. */
export function isForPeople({ log }: Config, { stdout }: Host): boolean {
  return stdout.isTTY === true && log.format !== 'json'
}

/**
 * Makes an announcer that writes coloured, aligned lines for a person at a terminal, and log lines elsewhere. The time
 * until the proxy is ready is measured from the start of the process.
 */
export function announcer(config: Config, host: Host, log: Log): Announcer {
  return isForPeople(config, host) ? forPeople(config, host) : forMachines(config, log)
}

function forMachines(config: Config, log: Log): Announcer {
  const tenants = [...config.tenants.values()].map(({ name, api, credentials }) => ({
    tenant: name,
    stack: api.stack,
    api: api.origin,
    credentials: credentials.origin,
  }))
  for (const warning of config.warnings) log.warn(warning)
  return {
    listening({ address, secure, admin, trust }) {
      log.info({ version, address, tenants }, `listening at ${address}`)
      if (secure) log.info({ address: secure, trust }, `listening at ${secure}`)
      if (admin) log.info({ address: admin }, `listening at ${admin} for probes and metrics`)
      if (trust) log.info(`to trust it: ${howToTrust(trust)}`)
    },
    ready: () => log.info({ ms: sinceStart() }, `ready in ${sinceStart()} ms`),
    notReady: waitingFor => log.warn({ waitingFor }, `not ready: ${reasons(waitingFor).join('; ')}`),
    shuttingDown: outstanding => log.info(`shutting down: ${waiting(outstanding)}`),
  }
}

function forPeople(config: Config, { stdout, env }: Host): Announcer {
  const style = painter(stdout, env)
  const line = (label: string, text: string) => stdout.write(`  ${style('dim', label.padEnd(11))}${text}\n`)
  stdout.write(`\n  ${style('bold', 'prismacloud-proxy')} ${version}\n\n`)
  for (const tenant of config.tenants.values()) line('tenant', describe(tenant))
  for (const warning of config.warnings) line('warning', style('yellow', warning))
  return {
    listening({ address, secure, admin, trust }) {
      line('address', style('cyan', address))
      if (secure) line('https', style('cyan', secure))
      if (admin) line('admin', style('cyan', admin))
      if (trust) line('trust', howToTrust(trust))
      if (config.inspect.enabled && !address.startsWith('unix:'))
        line('page', style('cyan', `${named(address)}/_proxy/`))
      line('try', tryOut(address, config.listen.clientTokenFile))
    },
    ready: () => line('ready', style('green', `in ${sinceStart()} ms`)),
    notReady: waitingFor => line('not ready', style('red', reasons(waitingFor).join('; '))),
    shuttingDown: outstanding => line('stopping', waiting(outstanding)),
  }
}

function howToTrust(file: string): string {
  return `curl --cacert ${shellQuoted(file)}; for other clients run prismacloud-proxy ca`
}

/** Replaces a wildcard address with localhost, because the guard refuses wildcard addresses in a Host header. */
function named(address: string): string {
  return address.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:')
}

/** Returns a command to paste that tries the proxy. */
function tryOut(address: string, clientTokenFile: string | null): string {
  const token = clientTokenFile === null ? '' : `-u ":$(cat ${shellQuoted(clientTokenFile)})" `
  const base = address.startsWith('unix:')
    ? `--unix-socket ${shellQuoted(address.slice('unix:'.length))} http://localhost`
    : named(address)
  return `curl ${token}${base}/v2/policy`
}

function describe({ name, api, credentials }: TenantConfig): string {
  const place = api.stack === null ? api.origin + api.basePath : `${api.stack} (${new URL(api.origin).host})`
  return `${name} → ${place}, key from ${credentials.origin}`
}

/**
 * Describes the tenants without a session, each with the reason: `tenant prod (rejected): …`. Control characters are
 * escaped, because part of a reason comes from the upstream and must not control the terminal.
 */
export function reasons(waitingFor: Readiness['waitingFor']): string[] {
  return waitingFor.map(({ tenant, state, reason }) =>
    escapeUnprintable(`tenant ${tenant} (${state})${reason ? `: ${reason}` : ''}`),
  )
}

function waiting({ requests, timeout }: Outstanding): string {
  if (requests === 0) return 'no requests are running'
  const time = timeout < SECOND ? `${timeout} ms` : `${Math.round(timeout / SECOND)} s`
  return `waiting up to ${time} for ${requests} ${requests === 1 ? 'request' : 'requests'}`
}

/** Returns the milliseconds since the start of the process, which is where Node.js's monotonic clock starts. */
function sinceStart(): number {
  return Math.round(systemClock.monotonic())
}
