import { hostname } from 'node:os'
import type { DestinationStream } from 'pino'
import { readiness } from '../../admin/readiness.ts'
import { type App, type AppDeps, buildApp } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { explainStoreError } from '../../fleet/redis/explain.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createLog, createPrettyLog, type Log } from '../../kernel/log.ts'
import { version } from '../../kernel/product.ts'
import { requestLines } from '../../telemetry/request-line.ts'
import type { Certificates } from '../../tls/certificates.ts'
import { FileCertificates } from '../../tls/file-certificates.ts'
import { stateDirectory } from '../../tls/state-directory.ts'
import { type Agents, createAgents } from '../../upstream/agent.ts'
import type { Host, Output } from '../host.ts'
import type { PassedSocket } from '../systemd/passed-sockets.ts'
import { painter, takesColours } from '../terminal/colour.ts'
import { type Listening, reasons } from './announce.ts'
import { AuditFile } from './audit-file.ts'
import { type Listener, type ListenOptions, listen, listenWithSocket, type SocketListener } from './listen.ts'
import { thisProcess } from './process-use.ts'

/** The stream that a log is written to. */
export interface LogOutput {
  /** The terminal, pipe or file that the log goes to. It determines format and colours. */
  readonly output: Output
  /** Takes the lines and passes them on to `output`, at once or in batches. */
  readonly lines: DestinationStream
  readonly env: Host['env']
}

/** Makes the log that `log.level` and `log.format` describe; `auto` is pretty on a terminal, else JSON. */
export async function openLog({ level, format }: Config['log'], { output, lines, env }: LogOutput): Promise<Log> {
  const pretty = format === 'pretty' || (format === 'auto' && output.isTTY === true)
  if (!pretty) return createLog(level, lines, systemClock)
  return createPrettyLog(level, lines, takesColours(output, env), requestLines(painter(output, env)))
}

/**
 * Opens `audit.file`. Returns null if it is not set, or an Error that names the file and the fix if it cannot be
 * opened.
 */
export function openAudit({ audit }: Config, host: Host, log: Log): AuditFile | Error | null {
  try {
    return audit.file === null ? null : new AuditFile(audit.file, host, log)
  } catch (error) {
    return error as Error
  }
}

/** What {@link openApp} needs in addition to configuration and host. */
export interface OpenAppOptions extends Pick<AppDeps, 'log' | 'audit'> {
  /** The folder of the local CA. Default: the state directory, which all commands share. */
  readonly caFolder?: string
  /** The agents that connect to the API. Default: new ones. */
  readonly agents?: Agents
}

/** Builds the app with the clock, connections, certificates and signals of this process. */
export async function openApp(
  config: Config,
  host: Host,
  {
    caFolder = stateDirectory(host.env, host.homeDirectory),
    agents = createAgents(config.upstream),
    ...deps
  }: OpenAppOptions,
): Promise<App> {
  return buildApp(config, {
    version,
    runtime: thisProcess(),
    clock: systemClock,
    agents,
    ...(await certificatesFor(config, caFolder)),
    fleet: await fleetAccess(config),
    traces: await traceOutput(config, host, deps.log),
    // whoever asks for the end waits for it
    quit: () => host.signals.emit('SIGINT'),
    ...deps,
  })
}

/** Returns how to reach the configured fleet, or null. The code for Redis is loaded only if there is one. */
async function fleetAccess({ fleet: { redis } }: Config): Promise<AppDeps['fleet']> {
  if (redis === null) return null
  const { connectRedis } = await import('../../fleet/redis/connect.ts')
  const member = `${hostname()}/${process.pid}`
  return { connect: connectRedis(redis, systemClock), explain: explainStoreError, member }
}

/** Opens the way to the collector, if requests are traced. OpenTelemetry's code is loaded only then. */
async function traceOutput({ traces }: Config, { env }: Host, log: Log): Promise<AppDeps['traces']> {
  if (traces === null) return null
  const { openTraces } = await import('../../telemetry/otel/open-traces.ts')
  return openTraces(traces, { env, log, clock: systemClock, version })
}

async function certificatesFor(
  { listen, connect }: Config,
  caFolder: string,
): Promise<Pick<AppDeps, 'certificates' | 'authority'>> {
  const { tls, tlsCertFile, tlsKeyFile } = listen
  const local = tls === 'auto' || connect.enabled ? await localCertificates(listen, caFolder) : null
  const authority = connect.enabled ? local : null
  if (tlsCertFile !== null && tlsKeyFile !== null)
    return { certificates: new FileCertificates(tlsCertFile, tlsKeyFile), authority }
  return { certificates: tls === 'auto' ? local : null, authority }
}

/**
 * Creates the certificates of the local CA. Their code is loaded only when needed, because most proxies serve only
 * http.
 */
async function localCertificates({ tlsAddress }: Config['listen'], caFolder: string): Promise<Certificates> {
  const { LocalCertificates } = await import('../../tls/local-certificates.ts')
  const { hostname } = new URL(`https://${tlsAddress}`)
  return new LocalCertificates(caFolder, hostname, systemClock)
}

/**
 * Listens on every configured address, with the sockets that were passed for them. Rejects with a `ListenError` or
 * `TlsError` whose message names the fix.
 */
export async function listenEverywhere(
  app: App,
  { listen: settings, admin }: Config,
  passed: readonly PassedSocket[] = [],
): Promise<Listening> {
  const { front, interceptor, reports } = app
  const { socketMode } = settings
  const at = (
    server: Listener & SocketListener,
    key: PassedSocket['key'],
    text: string,
    options: ListenOptions,
  ): Promise<string> => {
    const given = passed.find(each => each.key === key)
    return given ? listenWithSocket(server, text, given.socket) : listen(server, text, options)
  }
  await interceptor?.open()
  const address = await at(app, 'listen.address', settings.address, settings)
  const secure = front && (await at(front, 'listen.tlsAddress', settings.tlsAddress, { flag: '--listen-tls-address' }))
  const reported =
    reports && (await at(reports, 'admin.address', `${admin.address}`, { flag: '--admin-address', socketMode }))
  return { address, secure, admin: reported, trust: interceptor?.trust ?? front?.trust ?? null }
}

/** Whether Prisma Cloud rejected the access key of every tenant that logs in at start. */
export function allRejected({ sessions }: App): boolean {
  const eager = [...sessions.all()].filter(({ tenant }) => !tenant.lazy)
  return eager.length > 0 && eager.every(({ session }) => session?.status().state === 'rejected')
}

/**
 * Returns the message for standard error if {@link allRejected} is true: a line for each tenant, and what to do next.
 */
export function rejection({ sessions }: App): string {
  const hint = 'Prisma Cloud rejected every access key; run prismacloud-proxy check for details'
  return [...reasons(readiness(sessions).waitingFor), hint, ''].join('\n')
}
