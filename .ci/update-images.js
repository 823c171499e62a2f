// Writes which images the tags in the Dockerfile and in the workflows stand for now, and says what has changed. It asks their
// registries through docker, which needs its buildx plugin, and no running engine.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILES = ['Dockerfile', '.github/workflows/test.yml']

for (const file of FILES) {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(/([\w./-]+:[\w.-]+)@(sha256:[0-9a-f]{64})/g, (_, tag, digest) => {
    const found = digestOf(tag)
    console.log(found === digest ? `${tag} is up to date` : `${tag}: ${digest} -> ${found}`)
    return `${tag}@${found}`
  })
  if (after !== before) writeFileSync(file, after)
}

/** The digest of the list of a tag's images, one for each platform. */
function digestOf(tag) {
  const args = ['buildx', 'imagetools', 'inspect', tag, '--format', '{{.Manifest.Digest}}']
  const digest = execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`docker gave no digest of ${tag}: ${digest}`)
  return digest
}
