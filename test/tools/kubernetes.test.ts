import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { newFolder } from '../support/folder.ts'
import { type Manifest, manifestFaults } from '../support/kubernetes.ts'
import { codeIn } from '../support/markdown.ts'
import { run } from '../support/process.ts'
import { codeOf } from '../support/recipes.ts'

const FOLDER = resolve(import.meta.dirname, '../../config/kubernetes')

/** What kubectl makes of a folder. Fails with what it warns of. */
async function render(form: string): Promise<Manifest[]> {
  const { stdout, stderr } = await promisify(execFile)('kubectl', ['kustomize', resolve(FOLDER, form)])
  if (stderr !== '') throw new Error(stderr)
  return parseAllDocuments(stdout).map(document => document.toJS())
}

const KINDS = {
  base: ['ConfigMap'],
  sidecar: ['ConfigMap', 'Pod'],
  job: ['ConfigMap', 'Job'],
  gateway: [
    'ConfigMap',
    'Deployment',
    'HorizontalPodAutoscaler',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'PodMonitor',
    'Service',
  ],
}

for (const [form, kinds] of Object.entries(KINDS))
  t.test(`kubectl renders the ${form}, and the schemas agree`, async t => {
    const manifests = await render(form)
    t.strictSame(manifests.map(({ kind }) => kind).sort(), kinds)
    for (const each of manifests) t.strictSame(manifestFaults(each), [], each.kind)
  })

t.test('the pods get the configuration under the name that its content gave it', async t => {
  for (const form of ['sidecar', 'job', 'gateway']) {
    const manifests = await render(form)
    const config = manifests.find(({ kind }) => kind === 'ConfigMap')
    const { name } = config?.metadata ?? {}
    t.match(name, /^prismacloud-proxy-[a-z0-9]{10}$/)
    t.match(JSON.stringify(manifests), `"envFrom":[{"configMapRef":{"name":"${name}"}}]`)
    t.equal(config?.data.PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL, 'app2', 'what all have in common')
    t.equal(config?.data.PRISMACLOUD_PROXY_FLEET_NAME, form === 'gateway' ? 'gateway' : undefined)
  }
})

t.test("a kustomization of one's own, as the README shows it, changes what it names", async t => {
  const readme = readFileSync(resolve(FOLDER, '../README.md'), 'utf8')
  const [text = ''] = codeIn(readme, 'A gateway', 'yaml')
  const folder = newFolder(t)
  // a kustomization names other folders by relative paths
  const gateway = relative(folder, resolve(FOLDER, 'gateway'))
  const own = text.replace('../prismacloud-proxy/config/kubernetes/gateway', gateway)
  writeFileSync(join(folder, 'kustomization.yaml'), own)
  const rendered = await render(folder)
  for (const { kind, metadata } of rendered) t.equal(metadata.namespace, 'prismacloud', kind)
  const config = rendered.find(({ kind }) => kind === 'ConfigMap')
  t.match(config?.data, { PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: 'app.eu', PRISMACLOUD_PROXY_FLEET_NAME: 'gateway' })
  const deployment = rendered.find(({ kind }) => kind === 'Deployment')
  t.equal(deployment?.spec.template.spec.containers[0].image, 'registry.example/prismacloud-proxy:0.1.0')
})

t.test('the alerts are a PrometheusRule, too, as the recipe makes one', async t => {
  const [lines = ''] = codeOf('Prometheus', 'sh')
  const here = lines.replace('prismacloud-proxy/config', resolve(FOLDER, '..')).replace(/ \| kubectl.*/, '')
  const { stdout } = await run('sh', ['-c', here])
  const [manifest = {} as Manifest] = parseAllDocuments(stdout).map(document => document.toJS())
  t.equal(manifest.kind, 'PrometheusRule')
  t.strictSame(manifestFaults(manifest), [])
  t.ok(manifest.spec.groups[0].rules.length > 10)
})
