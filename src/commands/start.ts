import { setImmediate } from 'node:timers/promises'
import { loadConfig } from '../config/load.ts'
import { configGroups } from '../config/sources/flag-groups.ts'
import { createAgents } from '../upstream/agent.ts'
import type { Command } from './command.ts'
import { connectEarly } from './serve/connect-early.ts'
import { passedSockets } from './systemd/passed-sockets.ts'

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
    const config = await loadConfig({ ...host, passed })
    const agents = createAgents(config.upstream)
    try {
      connectEarly(agents, config.tenants.values())
      const { serveUntilSignal } = await import('./serve/serve-until-signal.ts')
      // TLS can start while the rest is put together
      await setImmediate()
      return await serveUntilSignal(config, host, { passed, agents })
    } finally {
      await agents.destroy()
    }
  },
}
