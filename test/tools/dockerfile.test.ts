import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { type Instruction, parseDockerfile } from '../support/dockerfile.ts'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { callUrl } from '../support/http.ts'
import { follow, run, spawnBare } from '../support/process.ts'
import { startSimulatorProcess } from '../support/stack.ts'

// No container engine is needed: the Dockerfile's own commands, read from it, are carried out in empty directories.

const PROJECT = resolve(import.meta.dirname, '../..')

/** What npm needs to find its registry. */
const NPM_ENVIRONMENT = { HOME: homedir() }

/** At which the image listens; here somebody else may have it. */
const IMAGE_PORT = '9080'

const IGNORED = readFileSync(join(PROJECT, '.dockerignore'), 'utf8').trim().split('\n')

/** One stage of the build: its file system's root, where it stands, and what it was told. */
interface Stage {
  readonly root: string
  workdir: string
  user: string
  readonly env: Record<string, string>
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
}

async function build(directory: string): Promise<Stage> {
  const stages = new Map<string, Stage>()
  let current: Stage | undefined
  for (const instruction of parseDockerfile(readFileSync(join(PROJECT, 'Dockerfile'), 'utf8'))) {
    if (instruction.name === 'FROM') {
      const name = / as (\S+)$/i.exec(instruction.text)?.[1] ?? 'final'
      current = {
        root: join(directory, name),
        workdir: '/',
        user: 'root',
        env: {},
        entrypoint: [],
        command: [],
        healthcheck: [],
      }
      mkdirSync(current.root, { recursive: true })
      stages.set(name, current)
    } else if (current) await carryOut(instruction, current, stages)
  }
  return stages.get('final') ?? Promise.reject(new Error('the Dockerfile has no final stage'))
}

async function carryOut(
  { name, text, json }: Instruction,
  stage: Stage,
  stages: ReadonlyMap<string, Stage>,
): Promise<void> {
  const place = join(stage.root, stage.workdir)
  switch (name) {
    case 'WORKDIR':
      stage.workdir = text
      mkdirSync(join(stage.root, text), { recursive: true })
      break
    case 'COPY':
      copy(text, place, stages)
      break
    case 'RUN':
      await shell(text, place)
      break
    case 'ENV': {
      const [key = '', value = ''] = text.split('=')
      stage.env[key] = value
      break
    }
    case 'USER':
      stage.user = text
      break
    case 'HEALTHCHECK':
      stage.healthcheck = json
      break
    case 'ENTRYPOINT':
      stage.entrypoint = json
      break
    case 'CMD':
      stage.command = json
      break
    case 'EXPOSE':
      break
    default:
      throw new Error(`the test does not know ${name}`)
  }
}

/** A folder's contents go into the target, a file goes into it or, without a slash at its end, becomes it. */
function copy(text: string, place: string, stages: ReadonlyMap<string, Stage>): void {
  const [, from, words = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
  const sources = words.split(' ')
  const to = sources.pop() ?? ''
  const origin = from === undefined ? PROJECT : (stages.get(from)?.root ?? '')
  for (const source of sources.map(name => join(origin, name))) {
    const isFolder = statSync(source).isDirectory()
    const target = isFolder || !to.endsWith('/') ? join(place, to) : join(place, to, basename(source))
    cpSync(source, target, { recursive: true, filter: path => !IGNORED.includes(relative(PROJECT, path)) })
  }
}

async function shell(command: string, cwd: string): Promise<void> {
  const child = spawnBare('sh', ['-c', command], NPM_ENVIRONMENT, cwd)
  const [printed, [code]] = await Promise.all([text(child.stderr), once(child, 'close'), child.stdout.resume()])
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${printed}`)
}

t.test('what the Dockerfile builds is a proxy', { timeout: 600_000 }, async t => {
  // outside the project, as the project itself is copied
  const stage = await build(newFolder(t))
  await checkContents(t, stage)
  await checkService(t, stage)
})

async function checkContents(t: Test, stage: Stage): Promise<void> {
  t.not(stage.user, 'root', 'it does not run as root')
  t.same(readdirSync(join(stage.root, 'app')).sort(), ['dist', 'package.json'], 'it holds nothing but the bundle')
  for (const exec of [stage.entrypoint, stage.command, stage.healthcheck]) t.ok(exec.length > 0, 'it needs no shell')
}

/** Runs it as the image would, with secrets in files, in a directory that it must not write to. */
async function checkService(t: Test, stage: Stage): Promise<void> {
  const simulator = await startSimulatorProcess(t, 600)
  const secrets = t.testdir({ id: `${DEMO_USER.accessKeyId}\n`, key: `${DEMO_USER.secretKey}\n` })
  const before = listing(stage.root)
  const [, ...args] = [...stage.entrypoint, ...stage.command].map(word =>
    word.startsWith('/app/') ? join(stage.root, word) : word,
  )
  const port = await freePort()
  const env = {
    ...stage.env,
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: `127.0.0.1:${port}`,
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: simulator.url,
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_ACCESS_KEY_ID_FILE: join(secrets, 'id'),
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_SECRET_KEY_FILE: join(secrets, 'key'),
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: simulator.caFile,
  }
  const service = follow(t, spawnBare(process.execPath, args, env, join(stage.root, stage.workdir)))
  await service.until(/listening at/)
  t.equal((await callUrl(`http://127.0.0.1:${port}/v2/policy`)).status, 200)
  const check = stage.healthcheck.slice(1).map(word => word.replace(IMAGE_PORT, `${port}`))
  await t.resolves(run(process.execPath, check), 'its health check is content')
  service.process.kill('SIGTERM')
  t.equal(await service.ended, 0, 'it ends when told')
  await t.rejects(run(process.execPath, check), 'its health check notices')
  t.same(listing(stage.root), before, 'it wrote nothing')
}

function listing(root: string): string[] {
  return readdirSync(root, { recursive: true }).map(String).sort()
}
