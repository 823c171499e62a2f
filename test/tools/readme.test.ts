import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { shellLines } from '../support/markdown.ts'
import { run } from '../support/process.ts'
import { startStack } from '../support/stack.ts'

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')

t.test('every curl line of the README is answered', async t => {
  const { proxy } = await startStack(t, 600)
  const lines = shellLines(README).filter(line => line.startsWith('curl '))
  t.ok(lines.length > 0)
  for (const line of lines) {
    const { stdout } = await run('sh', [
      '-c',
      `${line.replaceAll('http://127.0.0.1:9080', proxy)} -sS --fail-with-body`,
    ])
    t.doesNotThrow(() => JSON.parse(stdout), line)
  }
})
