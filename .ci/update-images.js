// Writes into the Dockerfile which images the tags of its base images stand for now, and says what has changed. It asks
// their registries through docker, which needs its buildx plugin, and no running engine.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'Dockerfile'

const before = readFileSync(FILE, 'utf8')
const after = before.replace(/^(ARG \w+_IMAGE=)(\S+)@(sha256:[0-9a-f]{64})$/gm, (_, begin, tag, digest) => {
  const found = digestOf(tag)
  console.log(found === digest ? `${tag} is up to date` : `${tag}: ${digest} -> ${found}`)
  return `${begin}${tag}@${found}`
})
if (after !== before) writeFileSync(FILE, after)

/** The digest of the list of a tag's images, one for each platform. */
function digestOf(tag) {
  const args = ['buildx', 'imagetools', 'inspect', tag, '--format', '{{.Manifest.Digest}}']
  const digest = execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`docker gave no digest of ${tag}: ${digest}`)
  return digest
}
