import type { Host } from '../host.ts'

/** The variables with which a service manager speaks to one process (sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3)). */
const VARIABLES = [
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
]

/**
 * Takes the variables of the service manager out of an environment and returns those that were set. Programs that this
 * process runs inherit the environment; with these variables, they could report on this process, or take its sockets
 * for their own.
 */
export function takeManagerVariables(env: Record<string, string | undefined>): Host['managed'] {
  const taken = VARIABLES.filter(name => env[name] !== undefined).map(name => [name, env[name]] as const)
  for (const [name] of taken) delete env[name]
  return Object.fromEntries(taken)
}
