// Builds one variant of the image for all platforms, pushes it with a bill of materials and its provenance, and signs it
// without a key, as the workflow that runs this. What to build comes from the variables of GitHub's workflows, and from
// VERSION and TARGET.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { VERSION, TARGET, GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_SHA } = process.env

/** Names of images have no capitals. */
const IMAGE = `ghcr.io/${GITHUB_REPOSITORY.toLowerCase()}`

/** What comes after the version; the default variant has no name. */
const SUFFIX = TARGET === 'slim' ? '' : `-${TARGET}`

const [major, minor] = VERSION.split('.')
const tags = [VERSION, `${major}.${minor}`, 'latest'].map(tag => `${IMAGE}:${tag}${SUFFIX}`)

const folder = mkdtempSync(join(tmpdir(), 'prismacloud-proxy-'))
try {
  const metadata = join(folder, 'metadata.json')
  run(
    'docker',
    ['buildx', 'build', '--push', '--target', TARGET, '--platform', 'linux/amd64,linux/arm64'],
    ['--sbom=true', '--provenance=mode=max', '--metadata-file', metadata],
    ['--build-arg', `VERSION=${VERSION}`, '--build-arg', `REVISION=${GITHUB_SHA}`],
    ['--label', `org.opencontainers.image.source=${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`],
    tags.flatMap(tag => ['--tag', tag]),
    ['.'],
  )
  const { 'containerimage.digest': digest } = JSON.parse(readFileSync(metadata, 'utf8'))
  // what was pushed just now, whatever the tags stand for by then
  run('cosign', ['sign', '--yes', '--recursive', `${IMAGE}@${digest}`])
} finally {
  rmSync(folder, { recursive: true })
}

function run(program, ...args) {
  execFileSync(program, args.flat(), { stdio: 'inherit' })
}
