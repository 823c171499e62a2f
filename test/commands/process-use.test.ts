import { readFileSync } from 'node:fs'
import t from 'tap'
import { thisProcess } from '../../src/commands/serve/process-use.ts'

t.test('what every system tells of a process', async t => {
  const { nodeVersion, use } = thisProcess('/nonexistent')
  t.equal(nodeVersion, process.version)
  const { cpu, startedAt, resident, ...others } = await use()
  t.ok(cpu > 0)
  t.ok(Math.abs(startedAt - performance.timeOrigin / 1000) < 60, `at ${startedAt}`)
  t.ok(resident > 10_000_000)
  t.strictSame(others, { virtual: undefined, openFiles: undefined, maxFiles: undefined })
})

t.test('what Linux tells beside that', async t => {
  const proc = t.testdir({
    status: 'Name:\tnode\nVmPeak:\t  99 kB\nVmSize:\t   12 kB\n',
    limits: 'Limit           Soft Limit  Hard Limit  Units\nMax open files  1024        524288      files\n',
    fd: { 0: '', 1: '', 2: '', 17: '' },
  })
  t.match(await thisProcess(proc).use(), { virtual: 12 * 1024, openFiles: 3, maxFiles: 1024 })
})

t.test('the numbers are those of this process', { skip: process.platform !== 'linux' }, async t => {
  const { virtual, openFiles, maxFiles } = await thisProcess().use()
  t.ok(Number(virtual) > 100_000_000, `${virtual} bytes`)
  t.ok(Number(openFiles) > 3, `${openFiles} files`)
  t.match(readFileSync('/proc/self/limits', 'utf8'), new RegExp(`Max open files +${maxFiles} `))
})
