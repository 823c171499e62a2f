import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'
import { startProxyProcess, startSimulatorProcess } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** What the recipe says of the variables of the vendor's collection. */
const RECIPE = Object.fromEntries(
  [...readFileSync(join(ROOT, 'config/recipes.md'), 'utf8').matchAll(/^\| (`.+`) \| `(.+)` \|$/gm)].flatMap(
    ([, names = '', value]) => [...names.matchAll(/`(.+?)`/g)].map(([, name]) => [`${name}`, `${value}`]),
  ),
)

/** The shape of the vendor's collection: it logs in, keeps the token, and sends it with each request. */
const COLLECTION = {
  info: { name: 'pcs', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  item: [
    request('POST', 'https://{{api-endpoint}}/login', '{"username": "{{ACCESS_KEY}}", "password": "{{SECRET_KEY}}"}', [
      'pm.environment.set("token", pm.response.json().token)',
    ]),
    request('GET', 'https://{{api-endpoint}}/v2/policy'),
    request('GET', '{{compute-api-endpoint}}/api/{{api-version}}/hosts'),
  ],
}

function request(method: string, url: string, raw?: string, lines: readonly string[] = []) {
  const header = [
    { key: 'x-redlock-auth', value: '{{token}}' },
    { key: 'content-type', value: 'application/json' },
  ]
  const exec = ['pm.test("is answered", () => pm.response.to.have.status(200))', ...lines]
  const event = [{ listen: 'test', script: { type: 'text/javascript', exec } }]
  return { name: url, event, request: { method, url, header, ...(raw && { body: { mode: 'raw', raw } }) } }
}

t.test("the vendor's Postman collection works with the variables that the recipe names", async t => {
  const folder = t.testdir({ 'pcs.json': JSON.stringify(COLLECTION) })
  const { cli } = await startProxyProcess(t, await startSimulatorProcess(t, 600), {
    PRISMACLOUD_PROXY_LISTEN_TLS: 'auto',
    PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: 'localhost:0',
    XDG_STATE_HOME: folder,
  })
  const [, host = ''] = await cli.until(/listening at https:\/\/([^"]+)/)
  const values = Object.entries(RECIPE).map(([key, value]) => ({ key, value: value.replace('localhost:9443', host) }))
  const environment = join(folder, 'environment.json')
  writeFileSync(environment, JSON.stringify({ values: [...values, { key: 'api-version', value: 'v1' }] }))
  const trust = ['--ssl-extra-ca-certs', join(folder, 'prismacloud-proxy', 'ca.pem')]
  const args = ['run', join(folder, 'pcs.json'), '-e', environment, ...trust, '--color', 'off']
  const { stdout } = await run(join(ROOT, 'node_modules/.bin/newman'), args)
  t.match(stdout, /assertions │ +3 │ +0 │/)
})
