import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { ignoredBy } from '../support/dockerfile.ts'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { callUrl } from '../support/http.ts'
import { buildImage, type Stage } from '../support/image.ts'
import { follow, run, spawnBare } from '../support/process.ts'
import { PROJECT } from '../support/project.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

// No container engine is needed: the Dockerfile's own commands, read from it, are carried out in empty directories.

const { description, license } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))

/** Runs what follows as the first process of a namespace of its own, as in a container. */
const AS_FIRST = ['--pid', '--fork', '--mount-proc', '--kill-child']

t.test('what the Dockerfile builds is a proxy', { timeout: 600_000 }, async t => {
  // outside the project, as the project itself is copied
  const stages = await buildImage(newFolder(t))
  const [distroless, slim] = stages.slice(-2)
  if (!distroless || !slim) throw new Error('the Dockerfile has no final stages')
  t.same([distroless.name, slim.name], ['distroless', 'slim'], 'the default is the one with a shell')
  checkOrigins(t, stages)
  for (const stage of [distroless, slim]) checkContents(t, stage)
  for (const each of ['entrypoint', 'command', 'healthcheck', 'user', 'labels'] as const)
    t.same(distroless[each], slim[each], each)
  await checkService(t, slim)
  await checkFirstProcess(t, slim)
})

/** Nothing but what runs on the builder's platform runs while it is built; everything is known by its digest. */
function checkOrigins(t: Test, stages: readonly Stage[]): void {
  for (const { name, from, ran } of stages) {
    t.match(from, /^(?:--platform=\$BUILDPLATFORM )?\S+:\S+@sha256:[0-9a-f]{64}$/, name)
    t.equal(from.startsWith('--platform'), ran.length > 0, name)
  }
}

function checkContents(t: Test, stage: Stage): void {
  t.match(stage.user, /^[1-9]\d*:[1-9]\d*$/, 'it does not run as root, which a number shows')
  t.same(readdirSync(join(stage.root, 'app')).sort(), ['dist', 'package.json'], 'it holds nothing but the bundle')
  for (const exec of [stage.entrypoint, stage.command, stage.healthcheck]) t.ok(exec.length > 0, 'it needs no shell')
  const labels = { title: 'prismacloud-proxy', description, licenses: license, version: '0.0.0', revision: 'unknown' }
  const expected = Object.entries(labels).map(([name, value]) => [`org.opencontainers.image.${name}`, value])
  t.same(stage.labels, Object.fromEntries(expected))
}

/** The words of a command, with paths that are the image's, and this machine's Node.js. */
function here(stage: Stage, words: readonly string[]): string[] {
  return words.map(word => (word === 'node' ? process.execPath : word.replace(/^\/(?=app|usr)/, `${stage.root}/`)))
}

/** Runs it as the image would, with secrets in files, in a directory that it must not write to. */
async function checkService(t: Test, stage: Stage): Promise<void> {
  const simulator = await startSimulatorProcess(t, 600)
  const secrets = t.testdir({ id: `${DEMO_USER.accessKeyId}\n`, key: `${DEMO_USER.secretKey}\n` })
  const before = listing(stage.root)
  const port = await freePort()
  const env = {
    NODE_ENV: stage.env.NODE_ENV ?? '',
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: `127.0.0.1:${port}`,
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: simulator.url,
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_ACCESS_KEY_ID_FILE: join(secrets, 'id'),
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_SECRET_KEY_FILE: join(secrets, 'key'),
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: simulator.caFile,
  }
  const words = here(stage, [...stage.entrypoint, ...stage.command])
  const service = follow(t, spawnBare('unshare', [...AS_FIRST, ...words], env, join(stage.root, stage.workdir)))
  await service.until(/listening at/)
  t.equal((await callUrl(`http://127.0.0.1:${port}/v2/policy`)).status, 200)
  const [program = '', ...args] = here(stage, stage.healthcheck)
  await t.resolves(run(program, args, env), 'its health check is content')
  process.kill(await firstOf(service.process.pid), 'SIGTERM')
  t.equal(await service.ended, 0, 'it ends when told')
  await t.rejects(run(program, args, env), 'its health check notices')
  t.same(listing(stage.root), before, 'it wrote nothing')
}

/** The process whose number is 1 in the namespace. unshare itself passes no signal on. */
async function firstOf(unshare: number | undefined): Promise<number> {
  return Number((await run('pgrep', ['-P', `${unshare}`])).stdout)
}

/** What a command leaves behind when it ends is reaped, and its exit code is the container's. */
async function checkFirstProcess(t: Test, stage: Stage): Promise<void> {
  const env = { ...credentials(await startSimulatorProcess(t, 600)), XDG_STATE_HOME: newFolder(t) }
  // its parent, a shell, ends before it
  const orphan = "pid=$(sh -c 'sleep 0.1 >/dev/null & echo $!')"
  const script = `${orphan}; while [ -e /proc/$pid ]; do sleep 0.05; done; exit 5`
  const words = [...here(stage, stage.entrypoint), 'exec', '--', 'sh', '-c', script]
  t.equal(await follow(t, spawnBare('unshare', [...AS_FIRST, ...words], env)).ended, 5)
}

function listing(root: string): string[] {
  return readdirSync(root, { recursive: true }).map(String).sort()
}

t.test('neither secrets nor history get into the build', async t => {
  const isIgnored = ignoredBy(readFileSync(join(PROJECT, '.dockerignore'), 'utf8'))
  const secret = ['.git', '.git/config', '.npmrc', '.env', '.env.local', 'config/secrets/key', 'ca-key.pem', 'a/b.key']
  for (const path of [...secret, 'node_modules/tap', 'dist/cli.js', 'credentials.json']) t.ok(isIgnored(path), path)
  const needed = [
    'package.json',
    'src/cli.ts',
    'src/page/main.tsx',
    'config/README.md',
    '.ci/build.js',
    'src/tls/x509.ts',
  ]
  for (const path of needed) t.notOk(isIgnored(path), path)
})
