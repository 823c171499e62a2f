import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ExitCode } from '../../src/commands/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../config')

/** A key in files, by the names that the examples give them. */
const SECRETS = {
  prismacloud: { 'access-key-id': DEMO_USER.accessKeyId, 'secret-key': DEMO_USER.secretKey },
  'prismacloud-access-key-id': DEMO_USER.accessKeyId,
  'prismacloud-secret-key': DEMO_USER.secretKey,
  'prismacloud-sandbox.json': JSON.stringify({ identity: DEMO_USER.accessKeyId, secret: DEMO_USER.secretKey }),
}

/** An example, with the folder of secrets that it names put in another place. */
function example(name: string, secrets: string): string {
  return readFileSync(resolve(EXAMPLES, name), 'utf8').replaceAll('/run/secrets', secrets)
}

t.test('example.yaml configures two tenants', async t => {
  const secrets = t.testdir(SECRETS)
  const file = t.testdir({ ...SECRETS, 'config.yaml': example('example.yaml', secrets) })
  const config = await loadConfig({ args: ['--config', `${file}/config.yaml`], env: {}, homeDirectory: '/nonexistent' })
  t.same([...config.tenants.keys()], ['production', 'sandbox'])
  t.equal(config.defaultTenant, 'production')
  t.equal(config.tenants.get('sandbox')?.policy.access, 'read-only')
})

t.test('what example.yaml shows of clients holds, too', async t => {
  const secrets = t.testdir({ ...SECRETS, 'pipeline-token': '0123456789abcdef' })
  const text = example('example.yaml', secrets).replace(/# (clients:.*)/s, (_, lines) => lines.replaceAll('\n# ', '\n'))
  writeFileSync(`${secrets}/config.yaml`, text)
  const config = await loadConfig({
    args: ['--config', `${secrets}/config.yaml`],
    env: {},
    homeDirectory: '/nonexistent',
  })
  t.match(config.clients, [{ name: 'pipeline', policy: { allow: [{ text: 'GET /**' }, { text: 'POST /v2/alert' }] } }])
})

t.test('compose.yaml starts a proxy that only the tool reaches', async t => {
  const { services } = parse(example('compose.yaml', t.testdir(SECRETS)))
  const { environment: env, ...proxy } = services['prismacloud-proxy']
  const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
  t.equal(config.tenants.get('default')?.target.stack, 'app2')
  t.match(proxy, { read_only: true, cap_drop: ['ALL'] })
  t.notOk(proxy.ports)
  t.equal(services.tool.network_mode, 'service:prismacloud-proxy')
})

for (const file of ['kubernetes.yaml', 'kubernetes-job.yaml'])
  t.test(`${file} starts a native sidecar`, async t => {
    const { kind, spec: outer } = parse(example(file, t.testdir(SECRETS)))
    const spec = kind === 'Job' ? outer.template.spec : outer
    const [sidecar] = spec.initContainers
    const env = Object.fromEntries(sidecar.env.map(({ name, value }: { name: string; value: string }) => [name, value]))
    const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
    t.equal(config.tenants.get('default')?.target.stack, 'app2')
    t.equal(sidecar.restartPolicy, 'Always')
    t.match(sidecar.securityContext, { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    t.equal(spec.securityContext.runAsNonRoot, true)
  })

t.test('the systemd unit starts a proxy whose key is a credential of its own', async t => {
  const secrets = t.testdir({ 'access-key-id': DEMO_USER.accessKeyId, 'secret-key': DEMO_USER.secretKey })
  const unit = readFileSync(resolve(EXAMPLES, 'prismacloud-proxy.service'), 'utf8')
  const values = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => `${value}`)
  const env = Object.fromEntries(values('Environment').map(each => each.replace('%d', secrets).split('=')))
  const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
  t.equal(config.tenants.get('default')?.target.stack, 'app2')
  const loaded = values('LoadCredential').map(each => each.split(':')[0])
  const named = values('Environment').flatMap(each => /%d\/(.*)/.exec(each)?.[1] ?? [])
  t.strictSame(named, loaded)
  t.strictSame(values('ExecStart'), ['/usr/bin/node /opt/prismacloud-proxy/dist/cli.js start'])
  t.ok(Number(values('TimeoutStopSec')[0]) * 1000 > config.listen.drainTimeout)
  t.strictSame(values('RestartPreventExitStatus'), [`${ExitCode.badUsage} ${ExitCode.credentialsRefused}`])
})
