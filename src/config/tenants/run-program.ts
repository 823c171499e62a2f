import { type ChildProcess, spawn } from 'node:child_process'
import { platform } from 'node:os'
import type { Readable } from 'node:stream'
import { type Clock, systemClock, withDeadline } from '../../kernel/clock.ts'

export interface ProgramBounds {
  /** How long it may run, in milliseconds. */
  readonly deadline: number
  /** How much it may print on standard output, in bytes; of standard error no more is kept. */
  readonly maxOutput: number
  /** Ends it before its time. */
  readonly signal?: AbortSignal | undefined
  /** Default: this machine's. */
  readonly system?: NodeJS.Platform
  /** Default: this machine's. */
  readonly clock?: Clock
}

/** How a program ended, and what it had printed by then. */
export interface ProgramResult {
  /** Its exit code, the signal that ended it, or `too-much` if it was killed because it printed more than it may. */
  readonly end: number | NodeJS.Signals | 'too-much'
  readonly stdout: string
  readonly stderr: string
}

/** What kills each of the programs that are running. */
const running = new Set<() => void>()

process.on('exit', killPrograms)

/** Kills the programs that are running, as happens when this process ends. */
export function killPrograms(): void {
  for (const kill of running) kill()
}

/**
 * Runs a program without a shell and without input until it ends. What it leaves running is not waited for, though that may
 * keep the output open. A program that is killed is killed with all that it started, and none outlives this process.
 * Rejects with the system's error where it cannot be run, with a `DeadlineError`, or with the reason of `signal`.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { deadline, maxOutput, signal, system = platform(), clock = systemClock }: ProgramBounds,
): Promise<ProgramResult> {
  signal?.throwIfAborted()
  // in a group of its own, by which all of it can be killed; on Windows that would open a window
  const hasGroup = system !== 'win32'
  const child: ChildProcess = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: hasGroup,
    windowsHide: true,
  })
  const kill = () => void killAll(child, hasGroup)
  running.add(kill)
  try {
    const [stdout, stderr] = [new Printed(child.stdout, maxOutput), new Printed(child.stderr, maxOutput)]
    const end = await withDeadline(clock, deadline, signal, () => endOf(child, stdout))
    return { end, stdout: stdout.text, stderr: stderr.text }
  } finally {
    running.delete(kill)
    if (child.exitCode === null && child.signalCode === null) kill()
    for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  }
}

function endOf(child: ChildProcess, stdout: Printed): Promise<ProgramResult['end']> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    stdout.whenTooMuch(() => resolve('too-much'))
    child.once('exit', (code, signal) => {
      // Node.js gives one of the two
      const end = code ?? (signal as NodeJS.Signals)
      // the second of these turns comes when what was in the pipe at the end has been read
      setImmediate(() => setImmediate(() => resolve(end)))
    })
  })
}

/** A process that has just ended by itself, or never began, is none any more. */
function killAll({ pid }: ChildProcess, hasGroup: boolean): void {
  try {
    process.kill(hasGroup ? -Number(pid) : Number(pid), 'SIGKILL')
  } catch {}
}

/** What a program prints on a stream, up to a bound. */
class Printed {
  readonly #chunks: Buffer[] = []
  #room: number
  #tell: (() => void) | undefined

  /** There is no stream where this process has no file descriptor left for one. */
  constructor(stream: Readable | null, most: number) {
    this.#room = most
    stream?.on('data', (chunk: Buffer) => {
      if (this.#room >= 0) this.#chunks.push(chunk.subarray(0, this.#room))
      this.#room -= chunk.length
      if (this.#room < 0) this.#tell?.()
    })
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }

  whenTooMuch(tell: () => void): void {
    this.#tell = tell
  }
}
