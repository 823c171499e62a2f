import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { outboundTo } from '../support/outbound.ts'
import { run } from '../support/process.ts'
import { codeOf } from '../support/recipes.ts'
import { startProxyProcess, startSimulatorProcess } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CLIENTS = join(import.meta.dirname, 'clients')

/** A proxy as the recipes suppose it, before a simulator at the vendor's address; and what runs their lines. */
async function startKitchen(t: Test) {
  const simulator = await startSimulatorProcess(t, 600)
  const folder = t.testdir({
    prismacloud: { 'access-key-id': DEMO_USER.accessKeyId, 'secret-key': DEMO_USER.secretKey },
  })
  const upstream = {
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, simulator.url),
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: simulator.caFile,
    XDG_STATE_HOME: folder,
  }
  const { proxy } = await startProxyProcess(t, simulator, {
    ...upstream,
    PC_URL: 'app2',
    PRISMACLOUD_PROXY_CONNECT_ENABLED: 'true',
  })
  const { port, host } = new URL(proxy)
  const here = (code: string) =>
    code
      .replaceAll('127.0.0.1:9080', host)
      .replaceAll('=9080', `=${port}`)
      .replaceAll('$HOME/.local/state', folder)
      .replaceAll('/etc/prismacloud', join(folder, 'prismacloud'))
      .replaceAll(/\bprismacloud-proxy (?=exec)/g, `${process.execPath} ${join(ROOT, 'dist/cli.js')} `)
  const env = { ...upstream, GO111MODULE: 'off', GOCACHE: join(folder, 'go'), STOP: ROOT }
  const cook = async (code: string) => (await run('sh', ['-ec', `cd ${folder}\n${here(code)}`], env)).stdout
  return { cook, folder }
}

type Kitchen = Awaited<ReturnType<typeof startKitchen>>

/** What holds of each recipe that can be followed here; Postman's needs nothing but Node.js. */
const checks: Record<string, (t: Test, kitchen: Kitchen) => Promise<void>> = {
  async curl(t, { cook, folder }) {
    const [lines = '', paging = ''] = codeOf('curl', 'sh')
    for (const line of lines.trim().split('\n'))
      await t.resolves(cook(line.replace(/^curl/, 'curl -sS --fail-with-body')), line)
    t.ok(existsSync(join(folder, 'alerts-1.csv')))
    const pages = (await cook(paging)).trim().split('\n')
    const ids = pages.flatMap(page => JSON.parse(page).items.map(({ id }: { id: string }) => id))
    t.equal(new Set(ids).size, 250)
  },
  async 'Python SDK (prismacloud-api)'(t, { cook }) {
    const [variables = ''] = codeOf('Python SDK (prismacloud-api)', 'sh')
    t.match(await cook(`${variables}/usr/bin/python3 ${join(CLIENTS, 'sdk.py')} loop`), /"rounds": 1/)
  },
  async 'Go SDK'(t, { cook }) {
    const [variables = ''] = codeOf('Go SDK', 'sh')
    t.match(await cook(`${variables}go run ${join(CLIENTS, 'sdk.go')} loop`), /"rounds":1/)
  },
  async 'A cron job'(t, { cook, folder }) {
    const [line = ''] = codeOf('A cron job', 'crontab')
    await cook(line.replace(/^(\S+ ){5}/, ''))
    t.equal(JSON.parse(readFileSync(join(folder, 'policies.json'), 'utf8')).length, 5)
  },
}

t.test('recipes that can be followed here hold', { timeout: 120_000 }, async t => {
  const kitchen = await startKitchen(t)
  for (const [section, check] of Object.entries(checks)) await t.test(section, t => check(t, kitchen))
})
