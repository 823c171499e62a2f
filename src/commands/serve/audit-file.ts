import { type Clock, systemClock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { AuditOutput } from '../../telemetry/audit.ts'
import type { Host, Output } from '../host.ts'
import { REOPENING } from '../terminal/take-signals.ts'
import { AppendFile, countLines, LostLines } from './append-file.ts'
import { LineBatch } from './line-batch.ts'

/** The shortest time between two reports of lost lines, in milliseconds. */
const COMPLAINT_INTERVAL = 60_000

/** The most bytes that may wait for the reader of a standard stream. */
const LONGEST_QUEUE = 1024 * 1024

/** The destination of audit lines: a file, or a standard stream of this process. */
interface Sink {
  /** Throws {@link LostLines} if not all lines could be written. */
  write(lines: string): void
  close(): void
}

/** The output of the audit: the file that `audit.file` names, or a standard stream, such as `/dev/stdout`. */
export class AuditFile implements AuditOutput {
  readonly #path: string
  readonly #host: Host
  readonly #log: Log
  readonly #clock: Clock
  readonly #batch: LineBatch
  readonly #flush = () => this.#batch.flushSync()
  #sink: Sink
  #lost = 0
  /** When lost lines were last reported, on the monotonic clock. */
  #reportedAt = Number.NEGATIVE_INFINITY
  #isFailing = false

  /**
   * Opens the file. SIGUSR1 and SIGUSR2 reopen it, after log rotation has moved it away. If that fails, the log says
   * why, and the open file stays in use. Throws an Error that names the file and the fix.
   */
  constructor(path: string, host: Host, log: Log, clock: Clock = systemClock) {
    this.#path = path
    this.#host = host
    this.#log = log
    this.#clock = clock
    this.#batch = new LineBatch({ write: lines => void this.#put(lines) }, clock)
    this.#sink = this.#open()
    for (const name of REOPENING) host.signals.on(name, () => this.#reopen())
    // runs however the process ends, except if a signal kills it
    process.on('exit', this.#flush)
  }

  get lost(): number {
    return this.#lost
  }

  write(line: string): void {
    this.#batch.write(line)
  }

  writeNow(line: string): boolean {
    this.#flush()
    return this.#put(line)
  }

  close(): void {
    this.#flush()
    this.#sink.close()
    process.off('exit', this.#flush)
  }

  #open(): Sink {
    const stream = streamAt(this.#path, this.#host)
    if (stream) return streamSink(stream, error => this.#lose(error))
    const file = openFile(this.#path)
    for (const warning of file.warnings) this.#log.warn(`audit.file: ${warning}`)
    return file
  }

  #reopen(): void {
    this.#flush()
    try {
      const opened = this.#open()
      this.#sink.close()
      this.#sink = opened
    } catch (error) {
      this.#log.error(`${(error as Error).message}; still writing to the file that is open`)
    }
  }

  #put(lines: string): boolean {
    try {
      this.#sink.write(lines)
    } catch (error) {
      this.#lose(error as LostLines)
      return false
    }
    if (this.#isFailing) this.#log.info({ lost: this.#lost }, `the audit is written to ${this.#path} again`)
    this.#isFailing = false
    return true
  }

  #lose({ count, message }: LostLines): void {
    const now = this.#clock.monotonic()
    this.#lost += count
    if (now - this.#reportedAt < COMPLAINT_INTERVAL) return
    this.#reportedAt = now
    this.#isFailing = true
    this.#log.error({ lost: this.#lost }, `audit lines are lost: cannot write to ${this.#path}: ${message}`)
  }
}

function openFile(path: string): AppendFile {
  try {
    return new AppendFile(path)
  } catch (error) {
    throw new Error(`audit.file: ${(error as Error).message}`)
  }
}

/**
 * Names of standard streams. They are not opened again: opening a file again would start at offset 0, and opening a
 * socket would fail.
 */
const STREAM = /^\/(?:dev\/(?:std|fd\/)|proc\/self\/fd\/)(out|err|[12])$/

function streamAt(path: string, { stdout, stderr }: Host): Output | undefined {
  const [, name = ''] = STREAM.exec(path) ?? []
  const streams: Readonly<Record<string, Output>> = { out: stdout, err: stderr, 1: stdout, 2: stderr }
  return streams[name]
}

function streamSink(stream: Output, lose: (error: LostLines) => void): Sink {
  return {
    write(lines) {
      const count = countLines(lines)
      if (!stream.writable) throw new LostLines(count, 'the stream is closed')
      if (stream.writableLength > LONGEST_QUEUE) throw new LostLines(count, 'its reader does not keep up')
      stream.write(lines, error => {
        if (error) lose(new LostLines(count, error.message))
      })
    },
    close() {},
  }
}
