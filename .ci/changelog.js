// Prints what CHANGELOG.md says of a version, without its heading: node .ci/changelog.js VERSION
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * The section of a version, without its heading. Throws if there is none with a day, or if it says nothing.
 *
 * @param {string} text of CHANGELOG.md, which is in the form of Keep a Changelog
 * @param {string} version as in `0.1.0`
 */
export function sectionOf(text, version) {
  const sections = text.split(/^## /m).slice(1)
  const section = sections.find(each => each.startsWith(`[${version}] - `))
  const [heading = '', ...lines] = section?.split('\n') ?? []
  if (!/^\S+ - \d{4}-\d\d-\d\d$/.test(heading)) throw new Error(`CHANGELOG.md has no "## [${version}] - YYYY-MM-DD"`)
  const content = lines.join('\n').trim()
  if (content === '') throw new Error(`CHANGELOG.md says nothing of ${version}`)
  return content
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(sectionOf(readFileSync('CHANGELOG.md', 'utf8'), process.argv[2]))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
