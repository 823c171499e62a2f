import { readiness } from '../../admin/readiness.ts'
import type { App } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { Agents } from '../../upstream/agent.ts'
import { ExitCode, fail, type Host } from '../host.ts'
import type { PassedSocket } from '../systemd/passed-sockets.ts'
import type { Service } from '../systemd/service.ts'
import { drain, untilHangUp, untilSignal } from '../terminal/signal.ts'
import { type Announcer, announcer, isForPeople } from './announce.ts'
import { HeldLines } from './held-lines.ts'
import { LineBatch } from './line-batch.ts'
import { reloader } from './reload.ts'
import { allRejected, listenEverywhere, openApp, openAudit, openLog, rejection } from './serve.ts'

/** What {@link serveUntilSignal} needs in addition to configuration and host. */
export interface ServeOptions {
  readonly passed: readonly PassedSocket[]
  readonly agents: Agents
}

/** Serves until a signal arrives, and returns the exit code. */
export async function serveUntilSignal(config: Config, host: Host, { passed, agents }: ServeOptions): Promise<number> {
  const { stdout, env } = host
  // on a terminal, log lines must not interrupt the banner
  const lines = new (isForPeople(config, host) ? HeldLines : LineBatch)(stdout, systemClock)
  const log = await openLog(config.log, { output: stdout, lines, env })
  const audit = openAudit(config, host, log)
  if (audit instanceof Error) return fail(host, audit)
  const announce = announcer(config, host, log)
  const app = await openApp(config, host, { log, audit, agents })
  const service = await openService(host, log)
  const reload = reloader(app, config, { ...host, passed }, log, service)
  const signal = Promise.race([untilSignal(host), untilHangUp(host, reload)])
  try {
    const loggingIn = app.login()
    const listening = await listenEverywhere(app, config, passed).catch((error: Error) => error)
    if (listening instanceof Error) return fail(host, listening)
    announce.listening(listening)
    const early = await Promise.race([signal, loggingIn])
    if (early === undefined && isRefused(app, host, announce)) return ExitCode.credentialsRefused
    if (early === undefined) service?.ready(config, listening.address)
    lines.flushSync()
    const ending = await signal
    announce.shuttingDown(app.outstanding())
    service?.stopping(app.outstanding())
    return await drain(app, ending)
  } finally {
    await app.close()
    audit?.close()
    await service?.close()
    lines.flushSync()
  }
}

/** Returns what tells the service manager about the proxy; null, and loads nothing, if no manager asks for it. */
async function openService({ managed, env }: Host, log: Log): Promise<Service | null> {
  const { NOTIFY_SOCKET } = managed
  if (!NOTIFY_SOCKET) return null
  const [{ notifier }, { Service, watchdogOf }] = await Promise.all([
    import('../systemd/notify.ts'),
    import('../systemd/service.ts'),
  ])
  const notify = notifier(NOTIFY_SOCKET, env.PATH, systemClock)
  return new Service({ notify, watchdog: watchdogOf(managed, process.pid), clock: systemClock, log })
}

/**
 * Reports how the first logins went. Returns true if Prisma Cloud rejected every access key, so that there is nothing
 * to serve.
 */
function isRefused(app: App, { stderr }: Host, announce: Announcer): boolean {
  if (allRejected(app)) {
    stderr.write(rejection(app))
    return true
  }
  const { ready, waitingFor } = readiness(app.sessions)
  if (ready) announce.ready()
  else announce.notReady(waitingFor)
  return false
}
