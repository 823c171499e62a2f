// What the bundle consists of, as a CycloneDX document: what cyclonedx-npm says of the dependencies that are in it.
import { execFileSync } from 'node:child_process'
import { withoutNpmSettings } from './npm-environment.js'

/** The property in which cyclonedx-npm says where a package is installed. */
const PATH = 'cdx:npm:package:path'

const CYCLONEDX = 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js'

/**
 * The bill of materials of the packages in these folders, as a JSON text.
 *
 * @param {readonly string[]} folders relative to the working directory, as in `node_modules/pino`
 */
export function sbomOf(folders) {
  return `${JSON.stringify(limitTo(folders, describeDependencies()), null, 2)}\n`
}

/**
 * What a bill of materials says of the packages in these folders. It is the same on every machine: it names no registry
 * from which a package came, and no version of npm. A package needs what is there; in place of what is not, what that
 * needs.
 */
export function limitTo(folders, { metadata, components, dependencies, ...document }) {
  const kept = components.filter(({ properties }) => folders.includes(pathIn(properties)))
  const refs = new Set([metadata.component, ...kept].map(each => each['bom-ref']))
  const edges = new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]))
  const tools = metadata.tools.components.filter(({ name }) => name !== 'npm')
  return {
    ...document,
    metadata: { ...metadata, tools: { ...metadata.tools, components: tools } },
    components: kept.map(withoutRegistry),
    dependencies: [...refs].map(ref => ({ ref, dependsOn: [...new Set(reached(edges, ref, refs))].sort() })),
  }
}

function describeDependencies() {
  const flags = ['--omit', 'dev', '--flatten-components', '--output-reproducible', '--output-format', 'JSON']
  const args = [CYCLONEDX, ...flags, '--output-file', '-']
  const options = { env: withoutNpmSettings, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  return JSON.parse(execFileSync(process.execPath, args, options))
}

function pathIn(properties = []) {
  return properties.find(({ name }) => name === PATH)?.value
}

/** Where npm got a package is where this machine gets packages. */
function withoutRegistry({ externalReferences = [], ...component }) {
  return { ...component, externalReferences: externalReferences.filter(({ type }) => type !== 'distribution') }
}

function reached(edges, ref, refs, seen = new Set()) {
  return (edges.get(ref) ?? []).flatMap(next => {
    if (refs.has(next)) return [next]
    if (seen.has(next)) return []
    return reached(edges, next, refs, seen.add(next))
  })
}
