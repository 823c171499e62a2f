import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { run } from '../support/process.ts'
import { cloneInto, PROJECT } from '../support/project.ts'
import { readWorkflow } from '../support/workflows.ts'

/** The most that the archive may have, in bytes. */
const MAX_SIZE = 1_000_000

/** What npm says when something is not as it should be. */
const COMPLAINT = /\b(?:warn|error|deprecated|EBADENGINE)\b/i

interface Manifest {
  readonly name: string
  readonly version: string
  readonly files: readonly string[]
}

interface Component {
  readonly name: string
  readonly group?: string
  readonly version: string
  readonly licenses?: readonly unknown[]
}

const manifest: Manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8')

const FILE = `${manifest.name}-${manifest.version}.tgz`

/** The variables for an npm that nobody has used before on this machine. */
function newUser(t: Test) {
  const home = newFolder(t)
  return { HOME: home, npm_config_cache: join(home, 'cache') }
}

/** A folder with an npm whose `ci` copies what is installed in the project, and that does everything else as npm does. */
async function npmWithCopies(t: Test): Promise<string> {
  const folder = newFolder(t)
  const { stdout } = await run('sh', ['-c', 'command -v npm'])
  const script = `#!/bin/sh\n[ "$1" = ci ] && exec cp -a '${PROJECT}/node_modules' .\nexec '${stdout.trim()}' "$@"\n`
  writeFileSync(join(folder, 'npm'), script)
  chmodSync(join(folder, 'npm'), 0o755)
  return folder
}

/** Packs a clone in which nothing is installed, and gives the archive's path. */
async function packClone(t: Test): Promise<{ archive: string; clone: string }> {
  const [clone, folder] = [newFolder(t), newFolder(t)]
  await cloneInto(clone)
  const PATH = [await npmWithCopies(t), process.env.PATH].join(delimiter)
  const script = 'cd "$0" && npm pack --pack-destination "$1"'
  const { stdout } = await run('sh', ['-c', script, clone, folder], { ...newUser(t), PATH })
  t.match(stdout, FILE)
  return { archive: join(folder, FILE), clone }
}

t.test('npm pack makes the package', { timeout: 300_000 }, async t => {
  const { archive, clone } = await packClone(t)
  const unpacked = newFolder(t)
  await run('tar', ['-xzf', archive, '-C', unpacked])
  const root = join(unpacked, 'package')
  const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

  await t.test('the archive holds the bundle, and nothing to install', async t => {
    t.ok(statSync(archive).size < MAX_SIZE, `${statSync(archive).size} bytes`)
    const packed: Record<string, unknown> = JSON.parse(textOf('package.json'))
    const isForUsers = (key: string) => !/^(?:scripts|overrides)$|dependencies/i.test(key)
    t.strictSame(packed, Object.fromEntries(Object.entries(manifest).filter(([key]) => isForUsers(key))))
    const listed = manifest.files.filter(path => !path.startsWith('!')).map(path => path.split('/')[0])
    const always = ['LICENSE', 'README.md', 'package.json']
    t.same(readdirSync(root).sort(), [...new Set([...listed, ...always])].sort())
  })

  await t.test('the clone is as it was', async t => {
    t.equal(readFileSync(join(clone, 'package.json'), 'utf8'), readFileSync(join(PROJECT, 'package.json'), 'utf8'))
    t.notOk(readdirSync(clone).includes(FILE), 'the archive is where it was wanted')
  })

  await t.test('the bill of materials lists what is in the bundle, and no machine', async t => {
    const text = textOf('dist/sbom.cdx.json')
    t.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null)
    t.notMatch(text, /"distribution"|file:|\/tmp\/|localhost|127\.0\.0\.1/)
    const { components, dependencies } = JSON.parse(text) as {
      components: Component[]
      dependencies: { ref: string }[]
    }
    const named = components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name} ${version}`)
    const licences = textOf('dist/THIRD-PARTY-LICENSES.txt')
    const licensed = [...licences.matchAll(/(?:^|^-{80}\n\n)(\S+ \d\S*) \(/gm)].map(([, each]) => each)
    t.same(named.toSorted(), licensed.toSorted(), 'each has its licence')
    for (const { name, licenses } of components) t.ok(licenses?.length, name)
    t.equal(dependencies.length, components.length + 1)
    for (const used of ['fastify', 'undici', 'preact'])
      t.ok(
        components.some(({ name }) => name === used),
        used,
      )
    for (const unused of ['ws', 'ajv', 'tap'])
      t.notOk(
        components.some(({ name }) => name === unused),
        unused,
      )
  })

  await t.test('npx runs it in an empty folder', async t => {
    const cwd = newFolder(t)
    copyFileSync(archive, join(cwd, FILE))
    t.match(README, '\nnpx prismacloud-proxy demo\n')
    // as it is tried on other systems, too
    const [tour = ''] =
      readWorkflow('test.yml')
        .jobs.elsewhere?.steps?.slice(-1)
        .map(({ run }) => run) ?? []
    t.match(tour, /^npx --yes \.\/prismacloud-proxy-\S+ demo --once$/)
    const { stdout, stderr } = await run('sh', ['-c', `cd '${cwd}' && ${tour}`], newUser(t))
    t.match(stdout, '✓ Status')
    t.notMatch(stderr, COMPLAINT)
    t.same(readdirSync(cwd), [FILE])
  })

  await t.test('npm installs it, and nothing else', async t => {
    const prefix = newFolder(t)
    t.match(README, '\nnpm install -g prismacloud-proxy\n')
    const { stderr, stdout } = await run('npm', ['install', '-g', '--prefix', prefix, archive], newUser(t))
    t.notMatch(stderr, COMPLAINT)
    t.match(stdout, 'added 1 package')
    const program = join(prefix, 'bin', manifest.name)
    t.equal((await run(program, ['--version'])).stdout, `${manifest.version}\n`)
    const page = join(prefix, 'share', 'man', 'man1', `${manifest.name}.1`)
    t.equal(readFileSync(page, 'utf8'), readFileSync(join(PROJECT, 'config', `${manifest.name}.1`), 'utf8'))
  })

  await t.test('npm publish takes no folder, whose package.json is not that of the archive', async t => {
    const { code, text } = await publish(t, PROJECT)
    t.not(code, 0)
    t.match(text, 'npm publish: publish the archive that npm pack makes')
  })

  await t.test('npm publish takes the archive, and lists no dependencies', async t => {
    const { code, text } = await publish(t, archive)
    t.equal(code, 0, text)
    t.match(text, `+ ${manifest.name}@${manifest.version}`)
  })
})

t.test('a bill of materials is limited to what is there, and forgets where it came from', async t => {
  const { limitTo } = await import(new URL('../../.ci/sbom.js', import.meta.url).href)
  const component = (name: string, ...types: string[]) => ({
    'bom-ref': name,
    name,
    properties: [{ name: 'cdx:npm:package:path', value: `node_modules/${name}` }],
    externalReferences: types.map(type => ({ type, url: 'https://registry.example/' })),
  })
  const dependencies = [
    { ref: 'it', dependsOn: ['a', 'left-out'] },
    { ref: 'left-out', dependsOn: ['b', 'circle'] },
    { ref: 'circle', dependsOn: ['left-out'] },
    { ref: 'a' },
    { ref: 'b', dependsOn: ['a'] },
  ]
  const document = {
    bomFormat: 'CycloneDX',
    metadata: { component: { 'bom-ref': 'it' }, tools: { components: [{ name: 'npm' }, { name: 'cyclonedx-npm' }] } },
    components: [component('a', 'distribution', 'vcs'), component('left-out'), component('circle'), component('b')],
    dependencies,
  }
  t.strictSame(limitTo(['node_modules/a', 'node_modules/b'], document), {
    bomFormat: 'CycloneDX',
    metadata: { component: { 'bom-ref': 'it' }, tools: { components: [{ name: 'cyclonedx-npm' }] } },
    components: [component('a', 'vcs'), component('b')],
    dependencies: [
      { ref: 'it', dependsOn: ['a', 'b'] },
      { ref: 'a', dependsOn: [] },
      { ref: 'b', dependsOn: ['a'] },
    ],
  })
})

/** Tries to publish, to a registry that is not there. */
async function publish(t: Test, what: string) {
  const env = {
    ...process.env,
    ...newUser(t),
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_fetch_retries: '0',
  }
  const child = execFile('npm', ['publish', '--dry-run', what], { env, cwd: newFolder(t) })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (text += chunk))
  const [code] = await once(child, 'close')
  return { code: Number(code), text }
}
