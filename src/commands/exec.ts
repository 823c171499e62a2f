import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Config, TenantConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { renderHelp } from '../config/schema/help.ts'
import { readFlags } from '../config/sources/flags.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Secret } from '../kernel/secret.ts'
import { openAuthority } from '../tls/authority-file.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import { commandEnvironment, withheldVariables } from './exec/command-environment.ts'
import { runCommand } from './exec/command-process.ts'
import { leaveFirstPlace } from './exec/first-process.ts'
import { KnownKeys, readWaitingKeys } from './exec/known-keys.ts'
import { makePrivateFolder, removePrivateFolder, temporaryFolders } from './exec/private-folder.ts'
import { writeTrustBundle } from './exec/trust-bundle.ts'
import { type Command, ExitCode, fail, type Host, UsageError } from './host.ts'
import { ANY_PORT } from './serve/listen.ts'
import { allRejected, listenEverywhere, openApp, openAudit, openLog, refusal } from './serve/serve.ts'
import { outlivesTerminal, untilSignal } from './terminal/signal.ts'

/** What {@link forCommand} decides, whatever the configuration says. */
const DECIDED_HERE: ReadonlySet<string> = new Set([
  'listen.address',
  'listen.tls',
  'listen.tlsAddress',
  'listen.tlsCertFile',
  'listen.tlsKeyFile',
  'listen.clientTokenFile',
  'listen.exposed',
  'listen.socketMode',
  'listen.drainTimeout',
  'connect.enabled',
  'connect.others',
])

/** How long requests may take that are still running when the command has ended, in milliseconds. */
const LEFT_RUNNING = 1_000

/** Runs a command with a proxy of its own. */
export const exec: Command = {
  summary: 'Run a command with a proxy of its own, which its environment leads to',
  help: () => `Usage: prismacloud-proxy exec [OPTIONS] -- COMMAND [ARGUMENTS]

Runs COMMAND with a proxy at a free port for as long as it runs, and ends with its exit code. The variables that the
vendor's clients read (PC_URL, PRISMACLOUD_URL, ...) lead there, with a token in place of the key that is good for this
proxy alone; no other variable that holds the key is passed on. So do HTTPS_PROXY, for tools that have the API hosts built
in, and the variables that tell curl, Python, Go and Node.js what to trust. Other hosts are reached as before, but for this
machine by a name of its own other than localhost.
PRISMACLOUD_PROXY_URL is the proxy's plain address: curl -u ":$PC_SECRET" "$PRISMACLOUD_PROXY_URL/v2/policy".
What the proxy has to say goes to standard error.

Options:
${renderHelp(DECIDED_HERE)}
`,
  async run(host) {
    const [own, command] = parted(host.args)
    refuseDecided(own)
    const ofProcess = leaveFirstPlace(process)
    const token = randomBytes(24).toString('base64url')
    const given = await loadConfig({ ...host, args: own })
    const keys = new KnownKeys(given.clients.map(client => client.token))
    const warnings = [...given.warnings, ...ofProcess]
    const config = forCommand({ ...given, warnings }, token, keys)
    // from here on there is something to put away at the end
    const asked = untilAsked(host)
    const folder = await makePrivateFolder(temporaryFolders(host))
    return serveFor(command, { token, keys, config, folder, asked }, host).finally(() => removePrivateFolder(folder))
  },
}

function parted(args: readonly string[]): [own: readonly string[], command: readonly string[]] {
  const at = args.indexOf('--')
  if (at < 0 || !args[at + 1])
    throw new UsageError('exec needs -- and a command: prismacloud-proxy exec -- terraform plan')
  return [args.slice(0, at), args.slice(at + 1)]
}

/** A flag that is given for one run and changes nothing there is a mistake; a shared file or variable is not. */
function refuseDecided(args: readonly string[]): void {
  const given = readFlags(args).settings.filter(({ key }) => DECIDED_HERE.has(key))
  const flags = given.map(({ origin }) => origin).join(', ')
  if (flags !== '')
    throw new UsageError(`exec: ${flags} has no effect here: the proxy of a command takes free ports of this machine`)
}

/** At free ports of this machine, for the command alone, which shows a token of its own. */
function forCommand(config: Config, token: string, keys: KnownKeys): Config {
  const { listen, log } = config
  const policy = { name: 'clients.exec', access: 'read-write', allow: [], deny: [] } as const
  return {
    ...config,
    listen: {
      ...listen,
      address: ANY_PORT,
      tls: 'auto',
      tlsAddress: ANY_PORT,
      tlsCertFile: null,
      tlsKeyFile: null,
      // what the command left running has lost its proxy
      drainTimeout: LEFT_RUNNING,
    },
    connect: { enabled: true, others: 'tunnel' },
    clients: [{ name: 'exec', token: new Secret(token), admin: true, policy }],
    tenants: new Map([...config.tenants].map(([name, tenant]) => [name, keys.watch(tenant)])),
    // the command tells of its errors itself
    log: {
      ...log,
      level: log.level === 'info' ? 'warn' : log.level,
      requests: log.requests === 'errors' ? 'off' : log.requests,
    },
  }
}

interface Serving {
  readonly config: Config
  /** What the command shows in place of a key. */
  readonly token: string
  readonly keys: KnownKeys
  /** For files that nobody else may read, until the command has ended. */
  readonly folder: string
  /** Gives the exit code where the end is asked for before the command runs. */
  readonly asked: Promise<number>
}

async function serveFor(command: readonly string[], serving: Serving, host: Host): Promise<number> {
  const { config, token, keys, folder, asked } = serving
  const log = await openLog(config.log, { output: host.stderr, lines: host.stderr, env: host.env })
  const audit = openAudit(config, host, log)
  if (audit instanceof Error) return fail(host, audit)
  for (const warning of config.warnings) log.warn(warning)
  const app = await openApp(config, host, { log, audit, caFolder: await caFolderFor(host, folder, log) })
  try {
    const listening = await listenEverywhere(app, config)
    const early = await Promise.race([asked, app.login()])
    if (early !== undefined) return early
    if (allRejected(app)) {
      host.stderr.write(refusal(app))
      return ExitCode.credentialsRefused
    }
    await readWaitingKeys(config.tenants.values())
    // the default tenant is one of them
    const { api } = config.tenants.get(config.defaultTenant) as TenantConfig
    const bundle = join(folder, 'trust.pem')
    await writeTrustBundle(bundle, `${listening.trust}`, host)
    const env = commandEnvironment(host.env, { listening, token, api, bundle, isSecret: keys.finder() })
    const withheld = withheldVariables(host.env, env)
    if (withheld.length > 0) log.warn(`not passed on, as they hold an access key or token: ${withheld.join(', ')}`)
    return (await Promise.race([asked, now()])) ?? (await runCommand(command, env, host))
  } finally {
    await app.close()
    audit?.close()
  }
}

/** Where the local CA is kept; where it cannot be, the command has one that goes with it. */
async function caFolderFor({ env, homeDirectory }: Host, folder: string, log: Log): Promise<string> {
  const kept = stateDirectory(env, homeDirectory)
  try {
    await openAuthority(kept, systemClock.now())
    return kept
  } catch (error) {
    const { message, cause } = error as Error
    // what the system does not allow is no fault of anybody
    log[cause ? 'info' : 'warn'](`${message}. The command has a CA of its own`)
    return join(folder, 'ca')
  }
}

/** Whatever asks to end before the command runs, a closed terminal too; gives the exit code for it. */
function untilAsked(host: Host): Promise<number> {
  if (outlivesTerminal(host)) return untilSignal(host)
  const hangUp = new Promise<number>(resolve => host.signals.on('SIGHUP', () => resolve(ExitCode.terminated)))
  return Promise.race([untilSignal(host), hangUp])
}

/** Loses against what has happened already, and against nothing else. */
async function now(): Promise<undefined> {
  return undefined
}
