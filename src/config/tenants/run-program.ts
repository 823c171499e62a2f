import { type ChildProcess, spawn } from 'node:child_process'
import { platform } from 'node:os'
import type { Readable } from 'node:stream'
import { type Clock, systemClock, withDeadline } from '../../kernel/clock.ts'

/** The limits of a program that {@link runProgram} runs. */
export interface ProgramBounds {
  /** How long it may run, in milliseconds. */
  readonly deadline: number
  /** The maximum size of its output to stdout, in bytes. The same amount of stderr is kept, and the rest is dropped. */
  readonly maxOutput: number
  /** Its environment; by default, that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Kills the program when it aborts. */
  readonly signal?: AbortSignal | undefined
  /** The system to run on; by default, this machine's. */
  readonly system?: NodeJS.Platform
  /** The clock for the deadline; by default, the system's. */
  readonly clock?: Clock
}

/** How a program ended, and what it printed until then. */
export interface ProgramResult {
  /**
   * The exit code, the signal that killed the program, or `too-much` if it was killed because it printed more than it
   * may.
   */
  readonly end: number | NodeJS.Signals | 'too-much'
  readonly stdout: string
  readonly stderr: string
}

/** For each running program, the function that kills it. */
const running = new Set<() => void>()

process.on('exit', killPrograms)

/** Kills all running programs, as the end of this process does. */
export function killPrograms(): void {
  for (const kill of running) kill()
}

/**
 * Runs a program without a shell and without input until it ends. Does not wait for background processes that it leaves
 * behind, even if they keep the output open. Killing a program kills everything that it started; no program outlives
 * this process. Rejects with the system's error if the program cannot be run, with a `DeadlineError`, or with the
 * reason of `signal`.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { deadline, maxOutput, env, signal, system = platform(), clock = systemClock }: ProgramBounds,
): Promise<ProgramResult> {
  signal?.throwIfAborted()
  // in its own process group, which can be killed as a whole; on Windows this would open a window
  const hasGroup = system !== 'win32'
  const child: ChildProcess = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: hasGroup,
    windowsHide: true,
    ...(env && { env: { ...env } }),
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
      // exactly one of the two is not null
      const end = code ?? (signal as NodeJS.Signals)
      // after two turns of the event loop, everything that was in the pipe at the end has been read
      setImmediate(() => setImmediate(() => resolve(end)))
    })
  })
}

/** Kills a program and its group. Does nothing if the program has just ended, or could not be started. */
function killAll({ pid }: ChildProcess, hasGroup: boolean): void {
  try {
    process.kill(hasGroup ? -Number(pid) : Number(pid), 'SIGKILL')
  } catch {}
}

/** Collects what a program prints to a stream, up to a limit. */
class Printed {
  readonly #chunks: Buffer[] = []
  #room: number
  #onTooMuch: (() => void) | undefined

  /** `stream` is null if this process has no file descriptors left. */
  constructor(stream: Readable | null, most: number) {
    this.#room = most
    stream?.on('data', (chunk: Buffer) => {
      if (this.#room >= 0) this.#chunks.push(chunk.subarray(0, this.#room))
      this.#room -= chunk.length
      if (this.#room < 0) this.#onTooMuch?.()
    })
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }

  whenTooMuch(listener: () => void): void {
    this.#onTooMuch = listener
  }
}
