import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { newFolder } from './folder.ts'

const BINARY = new URL('../../dist/cli.js', import.meta.url).pathname

/** What every process needs. */
const BARE_ENVIRONMENT = { PATH: process.env.PATH, HOME: '/nonexistent' }

type Environment = Readonly<Record<string, string>>

/** Something with an end, as a tap test has. */
interface Owner {
  teardown(end: () => unknown): void
}

/** A running process, most often a command of the built binary. */
export interface RunningCli {
  readonly process: ChildProcess
  /** All it has printed so far, on both streams. */
  output(): string
  /** Waits until the output matches and gives the match; rejects when the process ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

/**
 * The arguments of `env` for a program with no more than it needs in its environment. tap puts its loaders into that of
 * every process that a test starts, which would make the built binary slow and count towards the coverage; `env -i`
 * takes them out again.
 */
function bare(program: string, args: readonly string[], env: Environment): string[] {
  const variables = Object.entries({ ...BARE_ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`)
  return ['-i', ...variables, program, ...args]
}

/**
 * Starts a process with no more than it needs in its environment. What is in `passed`, sockets of Node.js or numbers of
 * descriptors, it has from descriptor 3 on.
 */
export function spawnBare(
  program: string,
  args: readonly string[],
  env: Environment = {},
  cwd = '.',
  passed: readonly (object | number)[] = [],
): ChildProcessByStdio<null, Readable, Readable> {
  const stdio = ['ignore', 'pipe', 'pipe', ...passed] as ['ignore', 'pipe', 'pipe']
  return spawn('env', bare(program, args, env), { cwd, stdio })
}

/** Starts a command of the built binary; it is ended with the test. `wrapper` runs what follows it in its own place. */
export function startCli(
  owner: Owner,
  args: readonly string[],
  env: Environment = {},
  wrapper: readonly string[] = [],
  passed: readonly (object | number)[] = [],
): RunningCli {
  const [program = '', ...rest] = [...wrapper, process.execPath, BINARY, ...args]
  return follow(owner, spawnBare(program, rest, env, '.', passed))
}

/** Starts a line of a shell, on whose PATH the built binary is `prismacloud-proxy`, linked as npm links it. */
export function startLine(t: Test, line: string, env: Environment = {}): RunningCli {
  const folder = newFolder(t)
  symlinkSync(BINARY, join(folder, 'prismacloud-proxy'))
  const PATH = [folder, process.env.PATH].join(delimiter)
  return follow(t, spawnBare('sh', ['-c', `exec ${line}`], { ...env, PATH }))
}

/** Keeps what a process prints, and ends it with the test. */
export function follow(owner: Owner, child: ChildProcessByStdio<null, Readable, Readable>): RunningCli {
  let output = ''
  const keep = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  owner.teardown(() => child.kill('SIGKILL'))
  return { process: child, output: () => output, ended, until: pattern => until(pattern, child, () => output) }
}

async function until(pattern: RegExp, child: ChildProcess, output: () => string): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(output())
    if (match) return match
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before ${pattern}: ${output()}`)
    const stop = new AbortController()
    const next = (source: EventEmitter | null, event: string) => once(source ?? child, event, stop)
    // what does not come is listened for no more
    await Promise.race([next(child.stdout, 'data'), next(child.stderr, 'data'), next(child, 'close')])
    stop.abort()
  }
}

/** What curl made of an answer. */
export interface CurlResult {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Runs the real curl with these arguments. Rejects when curl itself fails. */
export async function curl(...args: string[]): Promise<CurlResult> {
  const { stdout } = await run('curl', ['-sS', '--max-time', '60', '-D', '-', ...args])
  return parse(stdout)
}

/** Runs a program and gives what it printed. */
export function run(
  program: string,
  args: readonly string[],
  env: Environment = {},
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('env', bare(program, args, env), { maxBuffer: 64 * 1024 * 1024 })
}

/** Splits what `curl -D -` prints: the heads, of which the last counts, and the body. */
function parse(text: string): CurlResult {
  let head = ''
  let body = text
  while (/^HTTP\/[\d.]+ \d/.test(body)) {
    const end = body.indexOf('\r\n\r\n')
    head = body.slice(0, end)
    body = body.slice(end + 4)
  }
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers), body }
}
