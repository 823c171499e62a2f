import { runProgram } from '../../config/tenants/run-program.ts'
import type { Clock } from '../../kernel/clock.ts'

/** The program of systemd that sends notifications. Node.js has no datagram sockets in the file system. */
const PROGRAM = 'systemd-notify'

/**
 * How long a notification may take, in milliseconds. The program itself waits up to five seconds until the service
 * manager has read it: if it ended before, the manager could not tell to which service it belongs.
 */
const DEADLINE = 6_000

/** How much the program may print, in bytes. It prints one line if it fails. */
const MAX_OUTPUT = 4_096

/** The variables of a notification, such as `READY` (sd_notify(3)). */
export type Variables = Readonly<Record<string, string | number | bigint>>

/** Sends a notification, and resolves once it was read. Rejects with an Error that says why that did not happen. */
export type Notify = (variables: Variables) => Promise<void>

/** Makes a function that sends notifications to a socket, a path or the name of an abstract one that begins with `@`. */
export function notifier(socket: string, path: string | undefined, clock: Clock): Notify {
  const bounds = { deadline: DEADLINE, maxOutput: MAX_OUTPUT, env: { PATH: path, NOTIFY_SOCKET: socket }, clock }
  return async variables => {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const { end, stderr } = await runProgram(PROGRAM, lines, bounds).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${PROGRAM}: ${error.code === 'ENOENT' ? 'command not found' : error.message}`)
    })
    if (end !== 0) throw new Error(`${PROGRAM} (${end}): ${stderr.trim()}`)
  }
}
