import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import type { Host, Output } from '../../src/commands/host.ts'

/** An output that keeps what is written to it. */
export interface FakeOutput extends Output {
  /** All of it so far. */
  readonly text: string
  /** Resolves to all of it, once the pattern is found in it. */
  until(pattern: RegExp): Promise<string>
}

/** A process's surroundings in the hands of a test. */
export interface FakeHost extends Host {
  /** Where the test writes what a person types. */
  readonly stdin: PassThrough
  readonly stdout: FakeOutput
  readonly stderr: FakeOutput
  /** Where the test emits `SIGINT` and the like. */
  readonly signals: EventEmitter
}

/** How a {@link FakeHost} is to be. */
export interface FakeHostOptions {
  readonly args?: readonly string[]
  /** Default: empty. */
  readonly env?: Host['env']
  /** Default: there is no service manager. */
  readonly managed?: Host['managed']
  /** Default: one that does not exist. */
  readonly homeDirectory?: string
  /** Whether all three streams are a terminal. Default: false. */
  readonly isTTY?: boolean
  /** Default: linux. */
  readonly system?: NodeJS.Platform
  /** What stands on stdin at once; without it the test writes and ends stdin itself. */
  readonly input?: string
}

/** Surroundings without a terminal, environment or home, unless told otherwise. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const {
    args = [],
    env = {},
    managed = {},
    homeDirectory = '/nonexistent',
    isTTY = false,
    system = 'linux',
    input,
  } = options
  const stdin = Object.assign(new PassThrough(), { isTTY })
  if (input !== undefined) stdin.end(input)
  return {
    args,
    env,
    managed,
    homeDirectory,
    stdin,
    stdout: fakeOutput(isTTY),
    stderr: fakeOutput(isTTY),
    signals: new EventEmitter(),
    system,
    hasTerminal: () => isTTY,
  }
}

class Collector extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns = 120

  constructor(isTTY: boolean) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk
    this.emit('text')
    done()
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await new Promise(resolve => this.once('text', resolve))
    return this.text
  }
}

function fakeOutput(isTTY: boolean): FakeOutput {
  return new Collector(isTTY)
}
