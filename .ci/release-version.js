// Checks that a tag, package.json and CHANGELOG.md are of one version, and prints it: node .ci/release-version.js vVERSION
import { readFileSync } from 'node:fs'
import { sectionOf } from './changelog.js'

const [, , tag] = process.argv
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

try {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${version} of package.json is no released version: X.Y.Z`)
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, but package.json has version ${version}`)
  sectionOf(readFileSync('CHANGELOG.md', 'utf8'), version)
  console.log(`version=${version}`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
