import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { fakeHost } from '../support/host.ts'
import { logged, type Running, runAt, USER } from './rig.ts'

/** What a configuration file may hold. */
export type Parts = Readonly<Record<string, unknown>>

/** Any free port: as the value is the same, it never changes. */
export const LISTEN = { address: '127.0.0.1:0' }

/** A tenant with a key that simulators know. */
export function tenant(url: string, more: Parts = {}): Parts {
  return { url, accessKeyId: USER.accessKeyId, secretKey: USER.secretKey, ...more }
}

/** A `start` with a configuration file that the test changes. */
export interface Configured extends Running {
  readonly file: string
  readonly port: number
  /** Puts a text, or other parts, into the file. */
  write(content: string | Parts): void
  /** Emits SIGHUP. */
  hangUp(): void
  /** The log's lines that match, once there are so many. */
  told(pattern: RegExp, count?: number): Promise<ReturnType<typeof logged>>
}

/** Starts with a configuration file in a directory of the test's. `hasTerminal` is asked each time. */
export async function configured(t: Test, parts: Parts, hasTerminal = () => false): Promise<Configured> {
  const file = join(t.testdirName, 'config.yaml')
  const write = (content: string | Parts) =>
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify({ listen: LISTEN, ...content }), {
      mode: 0o600,
    })
  write(parts)
  const host = { ...fakeHost({ args: ['--config', file] }), hasTerminal }
  // it is typed at; what is logged goes elsewhere, as JSON
  Object.assign(host.stdin, { isTTY: true })
  const running = runAt(t, host)
  return {
    ...running,
    file,
    port: await running.listening(),
    write,
    hangUp: () => void host.signals.emit('SIGHUP'),
    async told(pattern, count = 1) {
      await host.stdout.until(new RegExp(`(?:${pattern.source}[\\s\\S]*){${count}}`))
      return logged(host.stdout.text).filter(({ msg }) => pattern.test(msg))
    },
  }
}
