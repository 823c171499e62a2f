import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { run } from '../support/process.ts'
import { cloneInto, PROJECT } from '../support/project.ts'
import { type Job, readWorkflow, WORKFLOWS, workflowJudge, workflowText } from '../support/workflows.ts'

type Values = Readonly<Record<string, string>>

const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))

/** Programs that act on what is not here: each writes down how it was called, and leaves what it would leave. */
const FAKES = {
  npm: 'if [ "$1" = pack ]; then touch "$3/prismacloud-proxy-$VERSION.tgz"; mkdir dist; echo {} >dist/sbom.cdx.json; fi',
  docker:
    'while [ $# -gt 0 ]; do if [ "$1" = --metadata-file ]; then echo \'{"containerimage.digest":"sha256:of-it"}\' >"$2"; fi; shift; done',
  cosign: '',
  gh: '',
}

t.test('GitHub would take the workflows', async t => {
  const faultsIn = await workflowJudge()
  t.same(WORKFLOWS.toSorted(), ['release.yml', 'test.yml'])
  for (const name of WORKFLOWS) t.same(await faultsIn(name, workflowText(name)), [], name)
  const broken = workflowText('release.yml').replace('timeout-minutes: 5', 'timeout: 5')
  t.match(await faultsIn('broken.yml', broken), [/Unexpected value 'timeout'/], 'it is a judge')
  const nowhere = workflowText('release.yml').replace('needs.version.outputs', 'nedes.version.outputs')
  t.match(await faultsIn('broken.yml', nowhere), [/nedes/])
})

t.test('the workflows may do no more than they must, and use only what is pinned', async t => {
  for (const name of WORKFLOWS) {
    const { permissions, concurrency, jobs } = readWorkflow(name)
    t.same(permissions, {}, name)
    t.ok(concurrency, name)
    for (const [id, job] of Object.entries(jobs)) {
      t.ok(job.permissions, `${name}: ${id}`)
      for (const { uses = '', with: inputs } of job.steps ?? [])
        if (uses.startsWith('actions/checkout@')) t.equal(inputs?.['persist-credentials'], false, `${name}: ${id}`)
      if (job.steps) t.ok(job['timeout-minutes'], `${name}: ${id}`)
      // what others may choose, such as a branch's name, must not become part of a script
      for (const { run = '' } of job.steps ?? []) t.notMatch(run, '${{', `${name}: ${id}`)
    }
    const used = [...workflowText(name).matchAll(/uses: (.*)$/gm)].map(([, each]) => each)
    for (const each of used) t.match(each, /^(?:\.\/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/)
    for (const [, image] of workflowText(name).matchAll(/image: (.*)$/gm)) t.match(image, /@sha256:[0-9a-f]{64}$/)
  }
})

/** A copy of the project with the fakes before everything else on PATH, and what they write down. */
async function rehearsal(t: Test) {
  const [folder, fakes] = [newFolder(t), newFolder(t)]
  await cloneInto(folder)
  const log = join(fakes, 'log')
  writeFileSync(log, '')
  for (const [name, script] of Object.entries(FAKES)) {
    writeFileSync(join(fakes, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${script}\n`)
    chmodSync(join(fakes, name), 0o755)
  }
  return { folder, PATH: `${fakes}:${process.env.PATH}`, called: () => readFileSync(log, 'utf8').trim().split('\n') }
}

/** What stands in the place of an expression, as GitHub would fill it in. */
function evaluate(text: string, values: Values): string {
  return text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression) => {
    const value = values[expression]
    if (value === undefined) throw new Error(`the test does not know ${expression}`)
    return value
  })
}

/** Runs the commands of a job, once for each row of its matrix, which has one column at most. Gives its outputs. */
async function perform(t: Test, job: Job, cwd: string, env: Values, values: Values): Promise<[string, string][]> {
  const known: Record<string, string> = { ...values }
  const [[column, rows] = ['', ['']]] = Object.entries(job.strategy?.matrix ?? {})
  for (const row of rows) {
    known[`matrix.${column}`] = row
    const own = Object.entries(job.env ?? {}).map(([name, value]) => [name, evaluate(value, known)])
    for (const { id, run: script } of job.steps ?? []) {
      if (script === undefined) continue
      const [file, output] = [join(newFolder(t), 'script'), join(newFolder(t), 'output')]
      for (const [path, content] of [
        [file, script],
        [output, ''],
      ] as const)
        writeFileSync(path, content)
      const all = { ...env, ...Object.fromEntries(own), GITHUB_OUTPUT: output }
      await run('sh', ['-c', `cd '${cwd}' && bash -e "$0"`, file], all)
      for (const [, name = '', value = ''] of readFileSync(output, 'utf8').matchAll(/^(\w+)=(.*)$/gm))
        known[`steps.${id}.outputs.${name}`] = value
    }
  }
  return Object.entries(job.outputs ?? {}).map(([name, value]) => [name, evaluate(value, known)])
}

const RELEASE = {
  GITHUB_REF_NAME: `v${version}`,
  GITHUB_REPOSITORY: 'Owner/prismacloud-proxy',
  GITHUB_SERVER_URL: 'https://github.example',
  GITHUB_SHA: 'c0ffee',
}

t.test('a tag releases package, images and notes', async t => {
  const { folder, PATH, called } = await rehearsal(t)
  const values: Record<string, string> = {
    'github.token': 'a-token',
    'github.repository': RELEASE.GITHUB_REPOSITORY,
  }
  for (const [id, job] of Object.entries(readWorkflow('release.yml').jobs))
    for (const [name, value] of await perform(t, job, folder, { ...RELEASE, PATH }, values))
      values[`needs.${id}.outputs.${name}`] = value
  const tags = (suffix: string) =>
    [version, version.replace(/\.\d+$/, ''), 'latest']
      .map(tag => `--tag ghcr.io/owner/prismacloud-proxy:${tag}${suffix}`)
      .join(' ')
  const built = (target: string, suffix: string) => [
    new RegExp(`^docker buildx build --push --target ${target} --platform linux/amd64,linux/arm64 --sbom=true `),
    new RegExp(`REVISION=c0ffee .*source=https://github.example/Owner/prismacloud-proxy ${tags(suffix)} \\.$`),
  ]
  const lines = called()
  t.equal(lines.length, 8)
  const [origin, pack, publish, slim, signed, distroless, , release] = lines
  const url = 'git+https://github.example/Owner/prismacloud-proxy.git'
  t.equal(origin, `npm pkg set repository.type=git repository.url=${url}`)
  t.equal(pack, 'npm pack --pack-destination release')
  t.equal(publish, `npm publish ./release/prismacloud-proxy-${version}.tgz --provenance --access public`)
  for (const pattern of built('slim', '')) t.match(slim, pattern)
  t.equal(signed, 'cosign sign --yes --recursive ghcr.io/owner/prismacloud-proxy@sha256:of-it')
  for (const pattern of built('distroless', '-distroless')) t.match(distroless, pattern)
  const files = `release/prismacloud-proxy-${version}.tgz release/prismacloud-proxy-${version}.cdx.json`
  const notes = '--notes-file release/notes.md'
  t.equal(release, `gh release create v${version} --verify-tag --title ${version} ${notes} ${files}`)
  t.match(readFileSync(join(folder, 'release/notes.md'), 'utf8'), /^### Added\n\n- /)
})

t.test('a tag that is not of this version releases nothing', async t => {
  const { folder, PATH } = await rehearsal(t)
  const version = (tag: string) => run('sh', ['-c', `cd '${folder}' && node .ci/release-version.js ${tag}`], { PATH })
  await t.rejects(version('v9.9.9'), { code: 1, stderr: /the tag is v9\.9\.9, but package\.json has version/ })
  const { stdout } = await version(RELEASE.GITHUB_REF_NAME)
  t.match(stdout, /^version=\S+\n$/)
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n- Something.\n')
  await t.rejects(version(RELEASE.GITHUB_REF_NAME), { code: 1, stderr: /CHANGELOG\.md has no "## \[/ })
})

t.test('the changelog is told version by version', async t => {
  const cwd = newFolder(t)
  const text =
    '# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-12-02\n\n- B.\n\n## [1.0.0] - 2026-12-01\n\n### Added\n\n- A.\n'
  writeFileSync(join(cwd, 'CHANGELOG.md'), `${text}\n## [0.9.0] - 2026-11-30\n`)
  const tell = (version: string) => run('sh', ['-c', `cd '${cwd}' && node '${PROJECT}/.ci/changelog.js' ${version}`])
  t.equal((await tell('1.1.0')).stdout, '- B.\n')
  t.equal((await tell('1.0.0')).stdout, '### Added\n\n- A.\n')
  await t.rejects(tell('0.9.0'), { code: 1, stderr: 'CHANGELOG.md says nothing of 0.9.0\n' })
  await t.rejects(tell('1.0'), { code: 1, stderr: 'CHANGELOG.md has no "## [1.0] - YYYY-MM-DD"\n' })
})

t.test('the base images are brought up to date', async t => {
  const [cwd, fakes] = [newFolder(t), newFolder(t)]
  const [old, recent] = ['a'.repeat(64), 'b'.repeat(64)]
  const text = (digest: string) =>
    `ARG A_IMAGE=node:24@sha256:${digest}\nARG B_IMAGE=gcr.io/b:c@sha256:${old}\nFROM x\n`
  writeFileSync(join(cwd, 'Dockerfile'), text(old))
  const workflow = join(cwd, '.github/workflows/test.yml')
  mkdirSync(dirname(workflow), { recursive: true })
  writeFileSync(workflow, `    image: node:24@sha256:${old}\n`)
  const script = `#!/bin/sh
[ "$1 $2 $3 $5" = "buildx imagetools inspect --format" ] || exit 1
case $4 in node:24) echo sha256:${recent} ;; gcr.io/b:c) echo sha256:${old} ;; esac\n`
  writeFileSync(join(fakes, 'docker'), script)
  chmodSync(join(fakes, 'docker'), 0o755)
  const env = { PATH: `${fakes}:${process.env.PATH}` }
  const update = () => run('sh', ['-c', `cd '${cwd}' && node '${PROJECT}/.ci/update-images.js'`], env)
  const [changed, unchanged] = [`node:24: sha256:${old} -> sha256:${recent}\n`, 'gcr.io/b:c is up to date\n']
  t.equal((await update()).stdout, `${changed}${unchanged}${changed}`)
  t.equal(readFileSync(join(cwd, 'Dockerfile'), 'utf8'), text(recent))
  t.equal(readFileSync(workflow, 'utf8'), `    image: node:24@sha256:${recent}\n`)
  t.equal((await update()).stdout, `node:24 is up to date\n${unchanged}node:24 is up to date\n`)
  writeFileSync(join(fakes, 'docker'), '#!/bin/sh\necho no such image\n')
  await t.rejects(update(), { code: 1, stderr: /docker gave no digest of node:24: no such image/ })
  t.equal(readFileSync(join(cwd, 'Dockerfile'), 'utf8'), text(recent))
})
