import type { Readiness } from '../../admin/readiness.ts'
import type { Config, TenantConfig } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { escapeUnprintable } from '../../kernel/printable.ts'
import { version } from '../../kernel/product.ts'
import type { Host } from '../host.ts'
import { painter } from '../terminal/colour.ts'
import { shellQuoted } from '../terminal/shell.ts'

/** Where the proxy listens. */
export interface Listening {
  readonly address: string
  /** For https, if it does. */
  readonly secure: string | null
  /** The file with what clients of that are to trust; null where they know it. */
  readonly trust: string | null
}

/** Tells whoever started the proxy how it goes. */
export interface Announcer {
  listening(listening: Listening): void
  ready(): void
  notReady(waitingFor: Readiness['waitingFor']): void
  draining(): void
}

/** Whether a person reads what is told. */
export function isForPeople({ log }: Config, { stdout }: Host): boolean {
  return stdout.isTTY === true && log.format !== 'json'
}

/** Coloured, aligned lines for a person at a terminal; elsewhere log lines. Times count from the process's start. */
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
    listening({ address, secure, trust }) {
      log.info({ version, address, tenants }, `listening at ${address}`)
      if (secure) log.info({ address: secure, trust }, `listening at ${secure}`)
      if (trust) log.info(`to trust it: ${howToTrust(trust)}`)
    },
    ready: () => log.info({ ms: sinceStart() }, `ready in ${sinceStart()} ms`),
    notReady: waitingFor => log.warn({ waitingFor }, `not ready: ${reasons(waitingFor)}`),
    draining: () => log.info('draining: running requests may finish'),
  }
}

function forPeople(config: Config, { stdout, env }: Host): Announcer {
  const style = painter(stdout, env)
  const line = (label: string, text: string) => stdout.write(`  ${style('dim', label.padEnd(11))}${text}\n`)
  stdout.write(`\n  ${style('bold', 'prismacloud-proxy')} ${version}\n\n`)
  for (const tenant of config.tenants.values()) line('tenant', describe(tenant))
  for (const warning of config.warnings) line('warning', style('yellow', warning))
  return {
    listening({ address, secure, trust }) {
      line('address', style('cyan', address))
      if (secure) line('https', style('cyan', secure))
      if (trust) line('trust', howToTrust(trust))
      line('try', tryOut(address, config.listen.clientTokenFile))
    },
    ready: () => line('ready', style('green', `in ${sinceStart()} ms`)),
    notReady: waitingFor => line('not ready', style('red', reasons(waitingFor))),
    draining: () => line('draining', 'running requests may finish'),
  }
}

function howToTrust(file: string): string {
  return `curl --cacert ${shellQuoted(file)}; for other clients see prismacloud-proxy ca`
}

/** A command to paste; an address that stands for all of this machine's has no name that a Host header may carry. */
function tryOut(address: string, clientTokenFile: string | null): string {
  const token = clientTokenFile === null ? '' : `-u ":$(cat ${shellQuoted(clientTokenFile)})" `
  const base = address.startsWith('unix:')
    ? `--unix-socket ${shellQuoted(address.slice('unix:'.length))} http://localhost`
    : address.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:')
  return `curl ${token}${base}/v2/policy`
}

function describe({ name, api, credentials }: TenantConfig): string {
  const place = api.stack === null ? api.origin + api.basePath : `${api.stack} (${new URL(api.origin).host})`
  return `${name} → ${place}, key from ${credentials.origin}`
}

/** Which tenants have no session, and why. Some of it comes from the other side, and must not act on a terminal. */
export function reasons(waitingFor: Readiness['waitingFor']): string {
  const tenants = waitingFor.map(({ tenant, state, reason }) => `${tenant} is ${state}${reason ? `: ${reason}` : ''}`)
  return escapeUnprintable(tenants.join('; '))
}

/** Node's monotonic clock counts from the start of the process, so the loading of this program is included. */
function sinceStart(): number {
  return Math.round(systemClock.monotonic())
}
