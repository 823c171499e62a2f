import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tenantNames } from '../../src/config/sources/tenant-names.ts'
import { yaml } from './support.ts'

t.test('the tenants of file and environment are named, whatever else is wrong', async t => {
  const mark = join(t.testdir(), 'ran')
  const file = yaml(
    t,
    `tenants: {prod: {url: nowhere, credentialCommand: [touch, ${mark}]}, sandbox: {unknown: 1}}\nnonsense: 1\n`,
  )
  t.strictSame(await tenantNames(file, {}), ['prod', 'sandbox'])
  t.strictSame(await tenantNames(undefined, { PRISMACLOUD_PROXY_CONFIG: file }), ['prod', 'sandbox'])
  const env = { PRISMACLOUD_PROXY_TENANTS_EU_URL: 'app.eu', PRISMACLOUD_PROXY_NONSENSE: 'x' }
  t.strictSame((await tenantNames(file, env)).toSorted(), ['eu', 'prod', 'sandbox'])
  t.notOk(existsSync(mark), 'no command is run')
})

t.test('where nothing can be read, there is no name and no error', async t => {
  t.strictSame(await tenantNames(undefined, {}), [])
  t.strictSame(await tenantNames('/nonexistent', {}), [])
  t.strictSame(await tenantNames(yaml(t, 'tenants: ['), {}), [])
})
