import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'
import { codeOf, RECIPES } from '../support/recipes.ts'
import { startStack } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')

t.test('the recipe for Postman holds', async t => {
  const { proxy } = await startStack(t, 600)
  const [line = ''] = codeOf('Postman', 'sh')
  const here = line.trim().replace('npx newman', 'node_modules/.bin/newman')
  const { stdout } = await run('sh', ['-c', `cd ${ROOT} && ${here} --env-var baseUrl=${proxy} --color off`])
  t.match(stdout, /assertions │ +\d+ │ +0 │/)
})

/** What `exec` sets for the same clients, as said for a proxy that runs. */
const EXPORTED = {
  PRISMACLOUDCOMPUTE_CONSOLE_URL: 'http://127.0.0.1:9080/_compute',
  PRISMACLOUDCOMPUTE_USERNAME: 'unused',
  PRISMACLOUDCOMPUTE_PASSWORD: 'unused',
  PRISMA_API_URL: 'https://localhost:9443',
  BC_API_KEY: 'unused::unused',
  BC_CA_BUNDLE: '$HOME/.local/state/prismacloud-proxy/ca.pem',
}

t.test('those that need other systems say the same in other words', async t => {
  const [inCmd = ''] = codeOf('Git Bash on Windows', 'bat')
  const [, quoted = ''] = / -d "(.*)"$/m.exec(inCmd) ?? []
  const body = { timeRange: { type: 'to_now', value: 'epoch' }, limit: 10 }
  t.strictSame(JSON.parse(quoted.replaceAll('\\"', '"')), body)
  const [powershell = ''] = codeOf('PowerShell', 'powershell')
  t.match(powershell, "@{ timeRange = @{ type = 'to_now'; value = 'epoch' }; limit = 10 }")
  const [hcl = ''] = codeOf('Terraform', 'hcl')
  const [go = ''] = codeOf('Go SDK', 'sh')
  for (const [, name = '', value] of hcl.matchAll(/^ +(\w+) += "?([^"\n]+)"?$/gm))
    t.match(go, `PRISMACLOUD_${name.toUpperCase()}=${value}`)
  const [pc = ''] = codeOf('pc (command line)', 'sh')
  for (const name of ['PC_SAAS_API_ENDPOINT', 'PC_ACCESS_KEY', 'PC_SECRET_KEY']) t.match(pc, `${name}=`)
  t.match(pc, /^pc --config env /m)
  const exported = `${codeOf('Terraform', 'sh')} ${codeOf('checkov', 'sh')}`
  for (const [name, value] of Object.entries(EXPORTED)) t.match(exported, `${name}=${value}`)
})

t.test('what the recipes link to is there', async t => {
  for (const [, path = ''] of RECIPES.matchAll(/\]\((?!https?:)([^)#]+)/g))
    t.ok(existsSync(join(ROOT, 'config', path)), path)
})
