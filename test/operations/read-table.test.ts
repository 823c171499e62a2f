import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')

const { readTable } = (await import(join(ROOT, '.ci/operations-table.js'))) as {
  readTable(text?: string): readonly object[]
}

const HEAD = 'method\tpath\tapi\teffect\tdeprecated\trate\tburst\tpaging'

t.test('the reviewed table can be read', async t => {
  const text = readFileSync(join(ROOT, 'src/operations/operations.tsv'), 'utf8')
  t.same(readTable(), readTable(text))
  t.equal(readTable().length, text.trimEnd().split('\n').length - 1)
})

const faults: Record<string, RegExp> = {
  'get\t/a\tcspm\tread\t\t\t\t': /has no method out of GET, POST/,
  'GET\ta\tcspm\tread\t\t\t\t': /is no path template/,
  'GET\t/a/\tcspm\tread\t\t\t\t': /is no path template/,
  'GET\t/a{id}\tcspm\tread\t\t\t\t': /is no path template/,
  'GET\t/a?b\tcspm\tread\t\t\t\t': /is no path template/,
  'GET\t/a\tcwpp\tread\t\t\t\t': /has no API out of cspm, code, compute/,
  'POST\t/a\tcspm\t?\t\t\t\t': /has no effect out of read, export, write, session/,
  'GET\t/a\tcspm\tread\tdeprecated\t\t\t': /is deprecated on no date/,
  'GET\t/a\tcspm\tread\t\t2\t10\t': /has no rate and burst such as 2\/sec and 10/,
  'GET\t/a\tcspm\tread\t\t2/sec\t\t': /has no rate and burst/,
  'GET\t/a\tcspm\tread\t\t\t10\t': /has no rate and burst/,
  'GET\t/a\tcspm\tread\t\t\t': /has fewer columns than 8/,
  'GET\t/ok\tcspm\tread\t\t\t\t': /is there twice/,
}

t.test('a row that cannot be understood is an error that names its line', async t => {
  for (const [row, fault] of Object.entries(faults)) {
    const text = `${HEAD}\nGET\t/ok\tcspm\tread\t\t\t\t\n${row}\n`
    t.throws(() => readTable(text), { message: fault }, row)
    t.throws(() => readTable(text), { message: /^src\/operations\/operations\.tsv:3: / }, row)
  }
  t.throws(() => readTable('method\tpath\n'), { message: /the columns are method, path, api/ })
})
