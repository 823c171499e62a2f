import { readiness } from '../admin/readiness.ts'
import type { App } from '../app/app.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { configGroups } from '../config/sources/flag-groups.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Command } from './command.ts'
import { ExitCode, fail, type Host } from './host.ts'
import { type Announcer, announcer, isForPeople } from './serve/announce.ts'
import { HeldLines } from './serve/held-lines.ts'
import { LineBatch } from './serve/line-batch.ts'
import { reloader } from './serve/reload.ts'
import { allRejected, listenEverywhere, openApp, openAudit, openLog, rejection } from './serve/serve.ts'
import { type PassedSocket, passedSockets } from './systemd/passed-sockets.ts'
import type { Service } from './systemd/service.ts'
import { drain, untilHangUp, untilSignal } from './terminal/signal.ts'

/** The `start` command: runs the proxy until a signal ends it. */
export const start: Command = {
  summary: 'Start the proxy (the default)',
  usage: ['[start] [OPTIONS]'],
  paragraphs: ['Serves the Prisma Cloud API at a local address and adds the session to every request.'],
  flags: [],
  configuration: configGroups,
  lists: [
    {
      title: 'Signals',
      rows: [
        [
          'SIGTERM, SIGINT',
          'Let running requests finish, for at most listen.drainTimeout, then exit; after SIGTERM, serve clients that keep connections open for 2 seconds first, and have them reconnect elsewhere',
        ],
        [
          'SIGHUP',
          'Reload the configuration and the access keys; if they are invalid, keep the current ones and log why',
        ],
        ['SIGUSR1, SIGUSR2', 'Reopen the audit file'],
      ],
    },
  ],
  exitCodes: [
    ['0', 'stopped'],
    ['1', 'failed'],
    ['2', 'bad usage or configuration'],
    ['3', 'Prisma Cloud rejected the access key of every tenant'],
    ['130, 143', 'after SIGINT or SIGTERM, if running requests had to be cut off'],
  ],
  examples: [
    {
      purpose: 'Serve one tenant, with the access key in the environment',
      line: 'PC_URL=app2 PC_IDENTITY=… PC_SECRET=… prismacloud-proxy',
    },
    { purpose: 'Serve the tenants of a file, at another port', line: 'prismacloud-proxy start -c config.yaml -p 9090' },
  ],
  async run(host) {
    const passed = passedSockets(host.managed, process.pid)
    return serve(await loadConfig({ ...host, passed }), host, passed)
  },
}

/** Serves until a signal arrives, and returns the exit code. */
async function serve(config: Config, host: Host, passed: readonly PassedSocket[]): Promise<number> {
  const { stdout, env } = host
  // on a terminal, log lines must not interrupt the banner
  const lines = new (isForPeople(config, host) ? HeldLines : LineBatch)(stdout, systemClock)
  const log = await openLog(config.log, { output: stdout, lines, env })
  const audit = openAudit(config, host, log)
  if (audit instanceof Error) return fail(host, audit)
  const announce = announcer(config, host, log)
  const app = await openApp(config, host, { log, audit })
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
    import('./systemd/notify.ts'),
    import('./systemd/service.ts'),
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
