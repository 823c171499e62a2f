import type { DestinationStream } from 'pino'
import { readiness } from '../../admin/readiness.ts'
import { type App, type AppDeps, buildApp } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createLog, createPrettyLog, type Log } from '../../kernel/log.ts'
import { version } from '../../kernel/product.ts'
import type { Certificates } from '../../tls/certificates.ts'
import { FileCertificates } from '../../tls/file-certificates.ts'
import { stateDirectory } from '../../tls/state-directory.ts'
import { createAgents } from '../../upstream/agent.ts'
import type { Host, Output } from '../host.ts'
import { takesColours } from '../terminal/colour.ts'
import { type Listening, reasons } from './announce.ts'
import { AuditFile } from './audit-file.ts'
import { listen } from './listen.ts'

/** Where a log goes. */
export interface LogOutput {
  /** What it is written to in the end. */
  readonly output: Output
  /** Takes its lines there. */
  readonly lines: DestinationStream
  readonly env: Host['env']
}

/** The log, in lines for people where its output is a terminal, unless told otherwise. */
export async function openLog({ level, format }: Config['log'], { output, lines, env }: LogOutput): Promise<Log> {
  const pretty = format === 'pretty' || (format === 'auto' && output.isTTY === true)
  return pretty ? createPrettyLog(level, lines, takesColours(output, env)) : createLog(level, lines, systemClock)
}

/** Opens the file of the audit, if there is to be one. */
export function openAudit({ audit }: Config, host: Host, log: Log): AuditFile | Error | null {
  try {
    return audit.file === null ? null : new AuditFile(audit.file, host, log)
  } catch (error) {
    return error as Error
  }
}

/** What an app of this process is made of, beside its configuration. */
export interface OpenAppOptions extends Pick<AppDeps, 'log' | 'audit'> {
  /** Where the local CA is kept. Default: where it is for all commands. */
  readonly caFolder?: string
}

/** The proxy as this process has it. */
export async function openApp(
  config: Config,
  host: Host,
  { caFolder = stateDirectory(host.env, host.homeDirectory), ...deps }: OpenAppOptions,
): Promise<App> {
  return buildApp(config, {
    version,
    clock: systemClock,
    agents: createAgents(config.upstream),
    ...(await certificatesFor(config, caFolder)),
    quit: () => host.signals.emit('SIGTERM'),
    ...deps,
  })
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

/** Loaded where they are used: most proxies speak http. */
async function localCertificates({ tlsAddress }: Config['listen'], caFolder: string): Promise<Certificates> {
  const { LocalCertificates } = await import('../../tls/local-certificates.ts')
  const { hostname } = new URL(`https://${tlsAddress}`)
  return new LocalCertificates(caFolder, hostname, systemClock)
}

/** Has it listen wherever it is to. */
export async function listenEverywhere(app: App, { listen: settings }: Config): Promise<Listening> {
  const { front, interceptor } = app
  await interceptor?.open()
  const address = await listen(app, settings.address, settings)
  const secure = front && (await listen(front, settings.tlsAddress, { flag: '--listen-tls-address' }))
  return { address, secure, trust: interceptor?.trust ?? front?.trust ?? null }
}

/** Whether the credentials of every tenant that was to log in were refused, so that it makes no sense to go on. */
export function allRejected({ sessions }: App): boolean {
  const eager = [...sessions.all()].filter(({ tenant }) => !tenant.lazy)
  return eager.length > 0 && eager.every(({ session }) => session?.status().state === 'rejected')
}

/** What to tell where that is so. */
export function refusal({ sessions }: App): string {
  return `The credentials were refused. ${reasons(readiness(sessions).waitingFor)}. Find out more: prismacloud-proxy check\n`
}
