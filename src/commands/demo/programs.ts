import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { systemClock } from '../../kernel/clock.ts'

/** How long a program may take until it is ready, in milliseconds. */
const DEADLINE = 15_000

/** How a program is started. */
export interface ProgramOptions {
  /** The whole environment of the program. */
  readonly env: NodeJS.ProcessEnv
  /** The folder that it runs in. */
  readonly cwd: string
  /** What it reads from standard input. */
  readonly input?: string
  /** Matches the line that it prints to standard output once it is ready. */
  readonly ready: RegExp
}

/** A program that runs, and is ready. */
export interface Program {
  /** The id of its process. */
  readonly pid: number
  /** What it printed when it was ready. */
  readonly said: RegExpExecArray
  /** Kills it, as a crash does, and resolves when it has ended. */
  kill(): Promise<void>
}

/** Programs that run beside this process, and end together. */
export class Programs {
  readonly #running = new Map<ChildProcess, Promise<unknown>>()

  /**
   * Starts a program and waits until it is ready. Rejects with the system's error if it cannot be run, and with an Error
   * that names it if it ends or takes too long.
   */
  async start(command: readonly string[], { env, cwd, input = '', ready }: ProgramOptions): Promise<Program> {
    const [file = '', ...args] = command
    const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true })
    // a program that ends early does not read its input
    child.stdin.on('error', Boolean).end(input)
    await once(child, 'spawn')
    const ended = once(child, 'exit').then(() => this.#running.delete(child))
    this.#running.set(child, ended)
    const kill = () => void child.kill('SIGKILL')
    const timer = systemClock.setTimeout(kill, DEADLINE)
    const said = await Promise.race([untilSaid(child.stdout, ready), ended.then(() => null)])
    systemClock.clearTimeout(timer)
    if (said === null) throw new Error(`not ready: ${command.join(' ')}; it ended, or took more than 15 s`)
    return {
      pid: Number(child.pid),
      said,
      async kill() {
        kill()
        await ended
      },
    }
  }

  /** Kills all programs without waiting for their end. */
  kill(): void {
    for (const child of this.#running.keys()) child.kill('SIGKILL')
  }

  /** Kills all programs, and resolves when they have ended. */
  async end(): Promise<void> {
    this.kill()
    await Promise.all(this.#running.values())
  }
}

/** Resolves to what matches in a line of the output. Reads on, so that the program can go on printing. */
function untilSaid(output: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise(resolve => {
    createInterface(output).on('line', line => {
      const said = pattern.exec(line)
      if (said) resolve(said)
    })
  })
}
