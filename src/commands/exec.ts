import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Config, TenantConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { configGroupsWithout } from '../config/sources/flag-groups.ts'
import { readFlags } from '../config/sources/flags.ts'
import { splitAtTerminator, UsageError } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Secret } from '../kernel/secret.ts'
import { openAuthority } from '../tls/authority-file.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import type { Command } from './command.ts'
import { commandEnvironment, withheldVariables } from './exec/command-environment.ts'
import { runCommand } from './exec/command-process.ts'
import { leaveFirstPlace } from './exec/first-process.ts'
import { KnownKeys, readWaitingKeys } from './exec/known-keys.ts'
import { makePrivateFolder, removePrivateFolder, temporaryFolders } from './exec/private-folder.ts'
import { writeTrustBundle } from './exec/trust-bundle.ts'
import { ExitCode, fail, type Host } from './host.ts'
import { ANY_PORT } from './serve/listen.ts'
import { allRejected, listenEverywhere, openApp, openAudit, openLog, rejection } from './serve/serve.ts'
import { outlivesTerminal, untilSignal } from './terminal/signal.ts'

/** Configuration keys that {@link forCommand} overrides. */
const OVERRIDDEN: ReadonlySet<string> = new Set([
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
  'admin.address',
])

/** How long requests that the command left unfinished may still take, in milliseconds. */
const LEFT_RUNNING = 1_000

/** The `exec` command: runs another program with a private proxy. */
export const exec: Command = {
  summary: 'Run a command with a private proxy',
  usage: ['exec [OPTIONS] -- COMMAND [ARGUMENTS]'],
  paragraphs: [
    'Starts a proxy on a free port, runs COMMAND, and stops the proxy when COMMAND ends.',
    'COMMAND finds the proxy through its environment:',
    "- PC_URL, PRISMACLOUD_URL and the other variables that the vendor's clients read point to the proxy. In place of the access key they hold a token that only this proxy accepts.",
    '- HTTPS_PROXY points to the proxy, for tools that have the API hosts built in. Other hosts are reachable as before, except this machine under a name other than localhost.',
    "- REQUESTS_CA_BUNDLE, SSL_CERT_FILE and others make curl, Python, Go and Node.js trust the proxy's certificates.",
    "- PRISMACLOUD_PROXY_URL is the proxy's http address.",
    'Any other variable that holds the access key is not passed on. The proxy logs to standard error.',
  ],
  flags: [],
  takesCommand: true,
  configuration: configGroupsWithout(OVERRIDDEN),
  exitCodes: [
    ['any', 'that of COMMAND, or 128 plus the number of the signal that killed it'],
    ['126', 'COMMAND cannot be run'],
    ['127', 'COMMAND is not found'],
    ['1', 'the proxy cannot start'],
    ['2', 'bad usage or configuration'],
    ['3', 'Prisma Cloud rejected the access key'],
  ],
  examples: [
    {
      purpose: 'Run a tool that has the API host built in',
      line: 'prismacloud-proxy exec -- curl https://api2.prismacloud.io/v2/policy',
    },
    {
      purpose: 'Run a script that reads the address of the proxy',
      line: `prismacloud-proxy exec -c config.yaml -- sh -c 'curl -u ":$PC_SECRET" "$PRISMACLOUD_PROXY_URL/v2/policy"'`,
    },
  ],
  async run(host) {
    const [own, command] = splitAtTerminator(host.args)
    if (!command[0]) throw new UsageError('no command given; write it after --: exec -- terraform plan')
    refuseOverridden(own)
    const ofProcess = leaveFirstPlace(process)
    const token = randomBytes(24).toString('base64url')
    const given = await loadConfig({ ...host, args: own })
    const keys = new KnownKeys(given.clients.map(client => client.token))
    const warnings = [...given.warnings, ...ofProcess]
    const config = forCommand({ ...given, warnings }, token, keys)
    // from here on a signal must not end the process before the folder is removed
    const interrupted = untilInterrupted(host)
    const folder = await makePrivateFolder(temporaryFolders(host))
    return serveFor(command, { token, keys, config, folder, interrupted }, host).finally(() =>
      removePrivateFolder(folder),
    )
  },
}

/**
 * Throws a `UsageError` for a flag that would have no effect, because it must be a mistake. In the file or the
 * environment, such a key is ignored: it may be meant for other commands.
 */
function refuseOverridden(args: readonly string[]): void {
  const given = readFlags(args).filter(({ key }) => OVERRIDDEN.has(key))
  const flags = given.map(({ origin }) => origin).join(', ')
  if (flags !== '') throw new UsageError(`${flags} has no effect: exec always listens on free ports of 127.0.0.1`)
}

/**
 * Returns the configuration with free loopback ports and a single client: the command, which has a token of its own.
 */
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
      drainTimeout: LEFT_RUNNING,
    },
    connect: { enabled: true, others: 'tunnel' },
    // it may be that of a running proxy
    admin: { ...config.admin, address: null },
    clients: [{ name: 'exec', token: new Secret(token), admin: true, policy }],
    tenants: new Map([...config.tenants].map(([name, tenant]) => [name, keys.watch(tenant)])),
    // the command reports failed requests itself
    log: {
      ...log,
      level: log.level === 'info' ? 'warn' : log.level,
      requests: log.requests === 'errors' ? 'off' : log.requests,
    },
  }
}

interface Serving {
  readonly config: Config
  /** The client token that the command uses in place of an access key. */
  readonly token: string
  readonly keys: KnownKeys
  /** A folder that only this user can read. It is removed when the command has ended. */
  readonly folder: string
  /** Resolves to the exit code if a signal arrives before the command runs. */
  readonly interrupted: Promise<number>
}

async function serveFor(command: readonly string[], serving: Serving, host: Host): Promise<number> {
  const { config, token, keys, folder, interrupted } = serving
  const log = await openLog(config.log, { output: host.stderr, lines: host.stderr, env: host.env })
  const audit = openAudit(config, host, log)
  if (audit instanceof Error) return fail(host, audit)
  for (const warning of config.warnings) log.warn(warning)
  const app = await openApp(config, host, { log, audit, caFolder: await caFolderFor(host, folder, log) })
  try {
    const listening = await listenEverywhere(app, config)
    const early = await Promise.race([interrupted, app.login()])
    if (early !== undefined) return early
    if (allRejected(app)) {
      host.stderr.write(rejection(app))
      return ExitCode.credentialsRefused
    }
    await readWaitingKeys(config.tenants.values())
    // the default tenant is always one of the tenants
    const { api } = config.tenants.get(config.defaultTenant) as TenantConfig
    const bundle = join(folder, 'trust.pem')
    await writeTrustBundle(bundle, `${listening.trust}`, host)
    const env = commandEnvironment(host.env, { listening, token, api, bundle, isSecret: keys.finder() })
    const withheld = withheldVariables(host.env, env)
    if (withheld.length > 0) log.warn(`not passed on, because they hold an access key or token: ${withheld.join(', ')}`)
    return (await Promise.race([interrupted, now()])) ?? (await runCommand(command, env, host))
  } finally {
    await app.close()
    audit?.close()
  }
}

/**
 * Returns the folder of the local CA. If that cannot be used, returns a folder for a CA that lasts only as long as the
 * command.
 */
async function caFolderFor({ env, homeDirectory }: Host, folder: string, log: Log): Promise<string> {
  const kept = stateDirectory(env, homeDirectory)
  try {
    await openAuthority(kept, systemClock.now())
    return kept
  } catch (error) {
    const { message, cause } = error as Error
    // an error with a cause comes from the operating system; a read-only file system is common, and not a mistake
    log[cause ? 'info' : 'warn'](`${message}; using a temporary CA for this command`)
    return join(folder, 'ca')
  }
}

/**
 * Waits for a signal that ends exec before the command runs, including the SIGHUP of a closed terminal. Resolves to the
 * exit code.
 */
function untilInterrupted(host: Host): Promise<number> {
  if (outlivesTerminal(host)) return untilSignal(host)
  const hangUp = new Promise<number>(resolve => host.signals.on('SIGHUP', () => resolve(ExitCode.terminated)))
  return Promise.race([untilSignal(host), hangUp])
}

/** Resolves at once, so it loses a race only to promises that have already settled. */
async function now(): Promise<undefined> {
  return undefined
}
