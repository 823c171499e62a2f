import { type Clock, systemClock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { AuditOutput } from '../../telemetry/audit.ts'
import type { Host, Output } from '../host.ts'
import { REOPENING } from '../terminal/take-signals.ts'
import { AppendFile, countLines, LostLines } from './append-file.ts'
import { LineBatch } from './line-batch.ts'

/** How often it is told at most that lines are lost, in milliseconds. */
const COMPLAINT_INTERVAL = 60_000

/** How much may wait for whoever reads a standard stream, in bytes. */
const LONGEST_QUEUE = 1024 * 1024

/** What takes lines. */
interface Sink {
  /** @throws {LostLines} */
  write(lines: string): void
  close(): void
}

/** The file of the audit, or one of this process's streams in its place. */
export class AuditFile implements AuditOutput {
  readonly #path: string
  readonly #host: Host
  readonly #log: Log
  readonly #clock: Clock
  readonly #batch: LineBatch
  readonly #flush = () => this.#batch.flushSync()
  #sink: Sink
  #lost = 0
  /** When it was last told that lines are lost, on the monotonic clock. */
  #toldAt = Number.NEGATIVE_INFINITY
  #isFailing = false

  /**
   * Opens it. SIGUSR1 and SIGUSR2 have it opened anew, for whoever moved it away to rotate it; where that fails, the log
   * says so, and the one that is open stays. @throws an Error that names the file and the cure
   */
  constructor(path: string, host: Host, log: Log, clock: Clock = systemClock) {
    this.#path = path
    this.#host = host
    this.#log = log
    this.#clock = clock
    this.#batch = new LineBatch({ write: lines => void this.#put(lines) }, clock)
    this.#sink = this.#open()
    for (const name of REOPENING) host.signals.on(name, () => this.#reopen())
    // however the process ends, but for what kills it
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
      this.#log.error(`${(error as Error).message}; the audit goes on in the file that was open`)
    }
  }

  #put(lines: string): boolean {
    try {
      this.#sink.write(lines)
    } catch (error) {
      this.#lose(error as LostLines)
      return false
    }
    if (this.#isFailing) this.#log.info({ lost: this.#lost }, `the audit is written again to ${this.#path}`)
    this.#isFailing = false
    return true
  }

  #lose({ count, message }: LostLines): void {
    const now = this.#clock.monotonic()
    this.#lost += count
    if (now - this.#toldAt < COMPLAINT_INTERVAL) return
    this.#toldAt = now
    this.#isFailing = true
    this.#log.error({ lost: this.#lost }, `lines of the audit are lost: ${this.#path} cannot be written: ${message}`)
  }
}

function openFile(path: string): AppendFile {
  try {
    return new AppendFile(path)
  } catch (error) {
    throw new Error(`audit.file: ${(error as Error).message}`)
  }
}

/** Names of this process's streams. One opened anew would be at another place in a file, and cannot be where it is a socket. */
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
      if (!stream.writable) throw new LostLines(count, 'it is closed')
      if (stream.writableLength > LONGEST_QUEUE) throw new LostLines(count, 'nobody reads it')
      stream.write(lines, error => {
        if (error) lose(new LostLines(count, error.message))
      })
    },
    close() {},
  }
}
