import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { CONFIG_VARIABLE } from '../config/schema/keys.ts'
import { configGroups } from '../config/sources/flag-groups.ts'
import { readFlags, splitFlags } from '../config/sources/flags.ts'
import type { Flag } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import { diagnose } from './check/diagnose.ts'
import type { Finding } from './check/finding.ts'
import { systemResolve } from './check/names.ts'
import { exitCodeOf, shownText, writeFinding } from './check/render.ts'
import { diagnoseStore } from './check/store.ts'
import type { Command } from './command.ts'
import type { Host } from './host.ts'

const FLAGS: readonly Flag[] = [
  {
    name: '--json',
    kind: 'switch',
    text: 'Print one JSON object at the end: exitCode, and findings with tenant, label, mark and text.',
  },
]

/** The `check` command: tries everything a session needs, and says what fails and how to fix it. */
export const check: Command = {
  summary: 'Diagnose the configuration, network, clock and login',
  usage: ['check [OPTIONS]'],
  paragraphs: [
    'Tries everything that a session needs, for each tenant: access key, URL, outbound proxy, DNS, TLS, clock, login, and extending the session. Also says when the access key expires. With fleet.redisUrl, also tries what a fleet needs of its Redis. Prints one line for each: ✓ passed, ✗ failed, with the fix, ! warning, - skipped. No secret is printed.',
  ],
  flags: FLAGS,
  configuration: configGroups,
  exitCodes: [
    ['0', 'all passed'],
    ['1', 'something failed'],
    ['2', 'bad usage or configuration'],
    ['3', 'Prisma Cloud rejected the access key'],
  ],
  examples: [
    { purpose: 'Check all tenants of a file', line: 'prismacloud-proxy check -c config.yaml' },
    {
      purpose: 'List what failed',
      line: `prismacloud-proxy check --json | jq '.findings[] | select(.mark == "bad")'`,
    },
  ],
  async run(host) {
    const { own, args } = splitFlags(host.args, FLAGS)
    const given = { ...host, args }
    return examine(await loadConfig(given), given, own.has('--json'))
  },
}

async function examine(config: Config, host: Host, asJson: boolean): Promise<number> {
  const found: TenantFinding[] = []
  for await (const finding of findings(config, host)) {
    found.push(finding)
    if (!asJson) writeFinding(host, finding)
  }
  const exitCode = exitCodeOf(new Set(found.map(({ mark }) => mark)))
  if (asJson) host.stdout.write(`${JSON.stringify({ exitCode, findings: found.map(asMembers) })}\n`)
  return exitCode
}

/** A finding with the tenant that it is about, if it is about one. */
interface TenantFinding extends Finding {
  readonly tenant?: string
}

/** Returns a finding with its members in the order of the human output. */
function asMembers({ tenant, label, mark, text }: TenantFinding) {
  return { tenant: tenant ?? null, label, mark, text: shownText(text) }
}

async function* findings(config: Config, host: Host): AsyncGenerator<TenantFinding> {
  yield { label: 'configuration', mark: 'good', text: originOf(host) }
  for (const text of config.warnings) yield { label: 'configuration', mark: 'warning', text }
  const around = { clock: systemClock, resolve: systemResolve }
  for (const tenant of config.tenants.values()) {
    yield { tenant: tenant.name, label: 'tenant', mark: 'good', text: tenant.name }
    for await (const finding of diagnose(tenant, config, around)) yield { tenant: tenant.name, ...finding }
  }
  yield* diagnoseStore(config.fleet, systemClock)
}

function originOf({ args, env }: Host): string {
  const flag = readFlags(args).find(({ key }) => key === 'config')
  const file = flag?.value ?? env[CONFIG_VARIABLE]
  return file ? `from ${file}, flags and environment` : 'from flags and environment, without a file'
}
