// What the table of operations costs: time and memory to load it, in processes of their own, and the time to find an
// operation, beside that of parsing the same path as a URL, which many servers do for each request.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { build } from 'esbuild'
import { quantile } from '../support/quantile.js'

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } }).values

/** From the shortest to the deepest, and two that no description has. */
const PATHS = [
  '/v2/policy',
  '/policy/3f9a7c1e-0d1b-4b0e-9d3c-1a2b3c4d5e6f',
  '/iam/api/v1/assets/3f9a7c1e/existing-least-privileged-access',
  '/_compute/api/v34.04/policies/firewall/app/out-of-band/impacted',
  '/nothing/like/this',
  `/${'x/'.repeat(2_000)}`,
]
const LOOKUPS = 200_000

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const outfile = join(folder, 'operations.mjs')
const entry = fileURLToPath(new URL('../../src/operations/operations.ts', import.meta.url))
await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' })

/** Imports an empty module first, because what imports need is loaded with the first one. */
const LOAD = `
await import('data:text/javascript,')
gc()
const [before, from] = [process.memoryUsage().heapUsed, performance.now()]
const { OPERATIONS } = await import(${JSON.stringify(pathToFileURL(outfile).href)})
const took = performance.now() - from
gc()
console.log(JSON.stringify([took, process.memoryUsage().heapUsed - before, OPERATIONS.all().length]))`

const loads = []
for (let round = 0; round < Number(rounds); round++) loads.push(await load())
const [, , count] = loads[0]
console.log(`load ${count} operations   ${median(loads.map(([ms]) => ms)).toFixed(1)} ms, module included`)
console.log(`memory                ${(median(loads.map(([, bytes]) => bytes)) / 2 ** 20).toFixed(2)} MiB`)

const { OPERATIONS } = await import(pathToFileURL(outfile).href)
for (const path of PATHS) {
  const finds = []
  const parses = []
  for (let round = 0; round < Number(rounds); round++) {
    finds.push(timeOf(() => OPERATIONS.find('GET', path)))
    parses.push(timeOf(() => new URL(path, 'http://localhost')))
  }
  const [found, parsed] = [median(finds), median(parses)]
  const shown = path.length > 64 ? `${path.slice(0, 8)}… (${path.length} characters)` : path
  console.log(`find  ${found.toFixed(2)} µs, ${(found / parsed).toFixed(2)} of new URL  ${shown}`)
}

async function load() {
  const args = ['--expose-gc', '--input-type=module', '-e', LOAD]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

/** Microseconds for each run. */
function timeOf(run) {
  const from = performance.now()
  for (let n = 0; n < LOOKUPS; n++) run()
  return ((performance.now() - from) * 1000) / LOOKUPS
}

function median(values) {
  return quantile(values, 0.5)
}
