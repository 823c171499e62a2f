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
import type { Command, Host } from './host.ts'

/** Tries all that a session needs, and tells what is wrong and what to do about it. */
export const check: Command = {
  summary: 'Find out why it does not work: configuration, network, clock, login',
  help: () => `Usage: prismacloud-proxy check [OPTIONS]

Tries, for each tenant, all that a session needs: the access key, the url, the outbound proxy, DNS, TLS, the clock, a
login and its extension. One line each: ✓ good, ✗ bad, with the cure, - not tried. No secret is printed.

Exit codes: 0 all is good; 1 something is not; 2 the configuration has faults; 3 the access key is refused.

Options, the same as those of start:
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
}

function originOf({ args, env }: Host): string {
  const flag = readFlags(args).settings.find(({ key }) => key === 'config')
  const file = flag?.value ?? env[CONFIG_VARIABLE]
  return file ? `from ${file}, flags and environment` : 'from flags and environment; no file is named'
}
