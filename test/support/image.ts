import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Instruction, ignoredBy, parseDockerfile } from './dockerfile.ts'
import { run, spawnBare } from './process.ts'
import { PROJECT } from './project.ts'

/** What npm needs to find its registry. */
const NPM_ENVIRONMENT = { HOME: homedir() }

const isIgnored = ignoredBy(readFileSync(join(PROJECT, '.dockerignore'), 'utf8'))

/** One stage of an image's build: its file system's root, where it stands, and what it was told. */
export interface Stage {
  readonly name: string
  /** The image that it is made from, with `--platform` if it says so. */
  readonly from: string
  readonly root: string
  readonly env: Record<string, string>
  readonly labels: Record<string, string>
  /** The commands that were run. */
  readonly ran: string[]
  workdir: string
  user: string
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
}

/**
 * Carries out the Dockerfile of the project in empty directories, without an engine: its base images are this machine.
 * Gives its stages in order.
 */
export async function buildImage(directory: string): Promise<readonly Stage[]> {
  const stages: Stage[] = []
  const { stdout } = await run('dpkg', ['--print-architecture'])
  const args: Record<string, string> = { TARGETARCH: stdout.trim() }
  for (const instruction of parseDockerfile(readFileSync(join(PROJECT, 'Dockerfile'), 'utf8'))) {
    const { name, text } = instruction
    const stage = stages.at(-1)
    if (name === 'ARG') {
      const [key = '', value] = text.split('=')
      if (value !== undefined) args[key] = value
    } else if (name === 'FROM') {
      stages.push(newStage(directory, filledIn(text, args)))
    } else if (stage) await carryOut({ ...instruction, text: filledIn(text, args) }, stage, { stages, args })
  }
  return stages
}

/** The platform is the engine's to fill in. */
function filledIn(text: string, args: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{?(\w+)\}?/g, (whole, key) => args[key] ?? whole)
}

function newStage(directory: string, text: string): Stage {
  const [, from = '', name = ''] = /^(.*) AS (\S+)$/.exec(text) ?? []
  const root = join(directory, name)
  mkdirSync(root, { recursive: true })
  const told = { workdir: '/', user: 'root', entrypoint: [], command: [], healthcheck: [] }
  return { name, from, root, env: {}, labels: {}, ran: [], ...told }
}

/** What the instructions before have made. */
interface Made {
  readonly stages: readonly Stage[]
  readonly args: Readonly<Record<string, string>>
}

async function carryOut({ name, text, json }: Instruction, stage: Stage, { stages, args }: Made): Promise<void> {
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
      stage.ran.push(text)
      await shell(text, place, args)
      break
    case 'ENV':
      set(stage.env, text)
      break
    case 'LABEL':
      set(stage.labels, text)
      break
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

function set(values: Record<string, string>, text: string): void {
  const [, key = '', value = ''] = /^(\S+?)="?(.*?)"?$/.exec(text) ?? []
  values[key] = value
}

/** A folder's contents go into the target, a file goes into it or, without a slash at its end, becomes it. */
function copy(text: string, place: string, stages: readonly Stage[]): void {
  const [, from, words = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
  const sources = words.split(' ')
  const to = sources.pop() ?? ''
  const origin = from === undefined ? PROJECT : (stages.find(({ name }) => name === from)?.root ?? '')
  const root = stages.at(-1)?.root ?? ''
  for (const source of sources.map(name => join(origin, name))) {
    const isFolder = statSync(source).isDirectory()
    const target = to.startsWith('/') ? join(root, to) : join(place, to)
    const end = isFolder || !to.endsWith('/') ? target : join(target, basename(source))
    cpSync(source, end, { recursive: true, filter: path => !isIgnored(relative(PROJECT, path)) })
  }
}

async function shell(command: string, cwd: string, args: Readonly<Record<string, string>>): Promise<void> {
  const child = spawnBare('sh', ['-c', command], { ...NPM_ENVIRONMENT, ...args }, cwd)
  const [printed, [code]] = await Promise.all([text(child.stderr), once(child, 'close'), child.stdout.resume()])
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${printed}`)
}
