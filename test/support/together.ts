import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applies } from './over-http2.ts'

/**
 * Runs the tests of the folder that a module stands in, one file after the other, in this process. Most of them take less
 * time than the start of a process of their own, which only those that are named `*.alone.test.ts` have.
 */
export async function runTogether(module: string): Promise<void> {
  const files = readdirSync(dirname(fileURLToPath(module))).sort()
  for (const file of files.filter(file => isTogether(file) && applies(file))) await import(new URL(file, module).href)
}

function isTogether(file: string): boolean {
  return file.endsWith('.test.ts') && !file.endsWith('.alone.test.ts') && file !== 'index.test.ts'
}
