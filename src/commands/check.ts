import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { renderHelp } from '../config/schema/help.ts'
import { CONFIG_VARIABLE } from '../config/schema/keys.ts'
import { readFlags } from '../config/sources/flags.ts'
import { systemClock } from '../kernel/clock.ts'
import { diagnose } from './check/diagnose.ts'
import type { Finding, Mark } from './check/finding.ts'
import { systemResolve } from './check/names.ts'
import { exitCodeOf, writeFinding } from './check/render.ts'
import { diagnoseStore } from './check/store.ts'
import type { Command, Host } from './host.ts'

/** The `check` command: tries everything a session needs, and says what fails and how to fix it. */
export const check: Command = {
  summary: 'Diagnose the configuration, network, clock and login',
  help: () => `Usage: prismacloud-proxy check [OPTIONS]

Tries everything that a session needs, for each tenant: access key, URL, outbound proxy, DNS, TLS, clock, login, and
extending the session. Also says when the access key expires. With fleet.redisUrl, also tries what a fleet needs of its
Redis. Prints one line for each: ✓ passed, ✗ failed, with the fix, ! warning, - skipped. No secret is printed.

Exit codes: 0 all passed; 1 something failed; 2 bad usage or configuration; 3 Prisma Cloud rejected the access key.

Options (as for start):
${renderHelp()}
`,
  run: async host => examine(await loadConfig(host), host),
}

async function examine(config: Config, host: Host): Promise<number> {
  const marks = new Set<Mark>()
  for await (const finding of findings(config, host)) {
    marks.add(finding.mark)
    writeFinding(host, finding)
  }
  return exitCodeOf(marks)
}

async function* findings(config: Config, host: Host): AsyncGenerator<Finding> {
  yield { label: 'configuration', mark: 'good', text: originOf(host) }
  for (const text of config.warnings) yield { label: 'configuration', mark: 'warning', text }
  const around = { clock: systemClock, resolve: systemResolve }
  for (const tenant of config.tenants.values()) {
    yield { label: 'tenant', mark: 'good', text: tenant.name }
    yield* diagnose(tenant, config, around)
  }
  yield* diagnoseStore(config.fleet, systemClock)
}

function originOf({ args, env }: Host): string {
  const flag = readFlags(args).find(({ key }) => key === 'config')
  const file = flag?.value ?? env[CONFIG_VARIABLE]
  return file ? `from ${file}, flags and environment` : 'from flags and environment, without a file'
}
