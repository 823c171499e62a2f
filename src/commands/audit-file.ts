import { type DestinationStream, pino } from 'pino'
import { systemClock } from '../kernel/clock.ts'
import { LineBatch } from '../kernel/line-batch.ts'
import type { Log } from '../kernel/log.ts'
import type { Host } from './host.ts'

/** Only its owner may read it: paths tell what somebody works on. */
const MODE = 0o600

/** A file that lines are appended to. */
export interface AuditFile extends DestinationStream {
  close(): void
}

/**
 * Opens the file of the audit. SIGUSR2 has it opened anew, for whoever moved it away to rotate it.
 * @throws an Error that names the file and the cure
 */
export function openAuditFile(path: string, { signals }: Host, log: Log): AuditFile {
  const file = openForAppending(path)
  file.on('error', (error: NodeJS.ErrnoException) => log.error(`the audit cannot be written to ${path}: ${error.code}`))
  const lines = new LineBatch(file, systemClock)
  signals.on('SIGUSR2', () => {
    lines.flushSync()
    file.reopen()
  })
  return {
    write: line => lines.write(line),
    close() {
      lines.flushSync()
      file.end()
    },
  }
}

function openForAppending(path: string) {
  try {
    return pino.destination({ dest: path, append: true, sync: true, mode: MODE })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(
      `audit.file: ${path} cannot be written (${code}). Name a file in a folder that this user may write to.`,
    )
  }
}
