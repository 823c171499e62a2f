import { readiness } from '../admin/readiness.ts'
import { type App, buildApp } from '../app.ts'
import type { Config } from '../config/config.ts'
import { renderHelp } from '../config/help.ts'
import { loadConfig } from '../config/load.ts'
import { createAgents } from '../forward/agent.ts'
import { systemClock } from '../kernel/clock.ts'
import { LineBatch } from '../kernel/line-batch.ts'
import { createLog, createPrettyLog, type Log } from '../kernel/log.ts'
import type { Certificates } from '../tls/certificates.ts'
import { FileCertificates } from '../tls/file-certificates.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import { type Announcer, announcer, type Listening, reasons } from './announce.ts'
import { type AuditFile, openAuditFile } from './audit-file.ts'
import { type Command, ExitCode, fail, type Host } from './host.ts'
import { listen } from './listen.ts'
import { reloader } from './reload.ts'
import { drain, untilHangUp, untilSignal } from './signal.ts'
import { version } from './version.ts'

/** Serves. */
export const start: Command = {
  summary: 'Serve the API at a local address (the default)',
  help: () => `Usage: prismacloud-proxy [start] [OPTIONS]

Serves the Prisma Cloud API at a local address, with a session attached to every request.
SIGTERM and SIGINT let running requests finish, then end the proxy. SIGHUP reads the configuration and the access keys
again; what is wrong with them is told, and the old ones stay.

Options:
${renderHelp()}
`,
  run: async host => serve(await loadConfig(host), host),
}

/** Serves until a signal comes, and gives the exit code. */
async function serve(config: Config, host: Host): Promise<number> {
  const lines = new LineBatch(host.stdout, systemClock)
  const log = await openLog(config, host, lines)
  const audit = openAudit(config, host, log)
  if (audit instanceof Error) return fail(host, audit)
  const announce = announcer(config, host, log)
  const app = await buildApp(config, {
    version,
    clock: systemClock,
    log,
    agents: await createAgents(config.upstream),
    audit,
    certificates: await certificatesFor(config, host),
  })
  const signal = Promise.race([untilSignal(host), untilHangUp(host, reloader(app, config, host, log))])
  try {
    const loggingIn = app.login()
    const listening = await listenEverywhere(app, config).catch((error: Error) => error)
    if (listening instanceof Error) return fail(host, listening)
    announce.listening(listening)
    const early = await Promise.race([signal, loggingIn])
    if (early === undefined && isRefused(app, host, announce)) return ExitCode.credentialsRefused
    const ending = await signal
    announce.draining()
    return await drain(app, ending)
  } finally {
    await app.close()
    audit?.close()
    lines.flushSync()
  }
}

async function certificatesFor({ listen }: Config, { env, homeDirectory }: Host): Promise<Certificates | null> {
  const { tls, tlsCertFile, tlsKeyFile } = listen
  if (tlsCertFile !== null && tlsKeyFile !== null) return new FileCertificates(tlsCertFile, tlsKeyFile)
  if (tls === 'off') return null
  const { LocalCertificates } = await import('../tls/local-certificates.ts')
  const host = new URL(`https://${listen.tlsAddress}`).hostname
  return new LocalCertificates(stateDirectory(env, homeDirectory), host, systemClock)
}

async function listenEverywhere({ server, front }: App, { listen: settings }: Config): Promise<Listening> {
  const address = await listen(server, settings.address, settings)
  const secure = front && (await listen(front, settings.tlsAddress, { flag: '--listen-tls-address' }))
  return { address, secure, trust: front?.trust ?? null }
}

function openAudit({ audit }: Config, host: Host, log: Log): AuditFile | Error | null {
  try {
    return audit.file === null ? null : openAuditFile(audit.file, host, log)
  } catch (error) {
    return error as Error
  }
}

async function openLog({ log: { level, format } }: Config, { stdout }: Host, lines: LineBatch): Promise<Log> {
  const pretty = format === 'pretty' || (format === 'auto' && stdout.isTTY === true)
  return pretty ? createPrettyLog(level, stdout) : createLog(level, lines, systemClock)
}

/** Says how the first logins went, and gives whether it makes no sense to go on. */
function isRefused(app: App, { stderr }: Host, announce: Announcer): boolean {
  const { ready, waitingFor } = readiness(app.sessions)
  if (allRejected(app)) {
    stderr.write(`The credentials were refused. ${reasons(waitingFor)}. Find out more: prismacloud-proxy check\n`)
    return true
  }
  if (ready) announce.ready()
  else announce.notReady(waitingFor)
  return false
}

function allRejected({ sessions }: App): boolean {
  const eager = [...sessions.all()].filter(({ tenant }) => !tenant.lazy)
  return eager.length > 0 && eager.every(({ session }) => session?.status().state === 'rejected')
}
