import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { callUrl } from '../support/http.ts'
import { shellLines } from '../support/markdown.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const LINES = shellLines(README)

/** Lines that `.ci/run` carries out, where each has the checkout for itself. */
const RUN_BY_THE_GATE = ['npm ci && npm run demo', 'npm ci && npm test', 'npm run test:tools', 'npm run build']

/** Lines that the test "its own key" carries out. */
const START = ['export PC_URL=app2 PC_IDENTITY=your-access-key-id PC_SECRET=your-secret-key', 'npm start']

t.test('with a key in the names of the vendor, npm start serves', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  t.same(
    LINES.filter(line => START.includes(line)),
    START,
  )
  const cli = startCli(t, ['start'], { ...credentials(simulator), PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' })
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  t.match(scripts.start, /^node (--[a-z=\d-]+ )+dist\/cli\.js start$/, 'which is what npm start runs')
  const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
  t.equal((await callUrl(`${address}/v2/policy`)).status, 200)
})

t.test('the README shows nothing that is not run', async t => {
  // those with curl are carried out in test/tools
  const known = [...RUN_BY_THE_GATE, ...START]
  t.same(
    LINES.filter(line => !known.includes(line) && !line.startsWith('curl ')),
    [],
  )
  const gate = readFileSync(join(ROOT, '.ci/run'), 'utf8')
  for (const command of ['npm ci', 'npm run demo', 'npm test', 'npm run test:tools']) t.match(gate, command)
})

t.test('what the README links to is there', async t => {
  for (const [, path = ''] of README.matchAll(/\]\((?!https?:)([^)]+)\)/g)) t.ok(existsSync(join(ROOT, path)), path)
})
