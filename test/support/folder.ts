import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A new folder that goes with the test. Of t.testdir() a test has but one, whose path is too long for a socket. */
export function newFolder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'prismacloud-proxy-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}
