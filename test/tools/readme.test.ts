import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { newFolder } from '../support/folder.ts'
import { sectionOf, shellLines } from '../support/markdown.ts'
import { outboundTo } from '../support/outbound.ts'
import { run, startLine } from '../support/process.ts'
import { atVendor, execEnvironment, startProxyProcess, startSimulatorProcess } from '../support/stack.ts'

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')

/** What begins each line that asks the API itself. */
const DIRECT = 'curl https://api2.prismacloud.io/'

/** What begins the line that starts a proxy of its own. */
const EXEC = 'prismacloud-proxy exec -- '

/** The one line whose request is refused: it shows an error. */
const [REFUSED = ''] = shellLines(sectionOf(README, 'Errors'))

const LINES = shellLines(README)

/** A proxy before the API, with the tenants that the README names. */
async function startProxy(t: Test): Promise<string> {
  const simulator = await startSimulatorProcess(t, 600)
  const { accessKeyId, secretKey } = DEMO_USER
  const tenants = {
    default: { url: 'app2', accessKeyId, secretKey },
    sandbox: { url: simulator.url, accessKeyId, secretKey },
  }
  const file = join(newFolder(t), 'config.json')
  writeFileSync(file, JSON.stringify({ tenants, defaultTenant: 'default' }))
  const env = { ...(await atVendor(t, simulator)), PRISMACLOUD_PROXY_CONFIG: file }
  return (await startProxyProcess(t, simulator, env)).proxy
}

/** Carries out a line with curl, and gives the status and the body of the answer. */
async function answerTo(line: string, env: Readonly<Record<string, string>> = {}) {
  const { stdout } = await run('sh', ['-c', `${line} -sS -w '\\n%{http_code}'`], env)
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

t.test('every curl line of the README is answered as it says', async t => {
  const proxy = await startProxy(t)
  const lines = LINES.filter(line => line.startsWith('curl ') && !line.startsWith(DIRECT))
  t.ok(lines.length > 10)
  for (const line of lines) {
    const { status, body } = await answerTo(line.replaceAll('http://127.0.0.1:9080', proxy))
    t.equal(status, line === REFUSED ? 400 : 200, line)
    t.doesNotThrow(() => JSON.parse(body), line)
  }
})

t.test('without the proxy a token is copied, and is no good after ten minutes', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const [login = '', read = '', ...others] = LINES.filter(line => line.startsWith(DIRECT))
  t.same(others, [])
  const env = { HTTPS_PROXY: await outboundTo(t, simulator.url), CURL_CA_BUNDLE: simulator.caFile }
  const { accessKeyId, secretKey } = DEMO_USER
  const filled = login.replace('your-access-key-id', accessKeyId).replace('your-secret-key', secretKey)
  const { token } = JSON.parse((await answerTo(filled, env)).body)
  const copied = read.replace(/(?<=x-redlock-auth: )[^']+/, token)
  t.equal((await answerTo(copied, env)).status, 200)
  await simulator.control('POST', 'expire')
  t.equal((await answerTo(copied, env)).status, 401)
})

t.test('exec runs a command that knows nothing of the proxy', async t => {
  const [line = '', ...others] = LINES.filter(each => each.startsWith(EXEC))
  t.same(others, [])
  const cli = startLine(t, line, await execEnvironment(t))
  t.equal(await cli.ended, 0)
  t.match(cli.output(), '[{"policyId"')
})
