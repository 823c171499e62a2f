import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run } from './support/process.ts'

const ROOT = resolve(import.meta.dirname, '..')

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}
const inProduction = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)

t.test('what production installs is locked to what it is, and runs nothing while it is installed', async t => {
  t.ok(inProduction.length > 10)
  for (const [path, { integrity, hasInstallScript }] of inProduction) {
    t.match(integrity, /^sha512-/, path)
    t.notOk(hasInstallScript, path)
  }
})

t.test('npm tells all of it as a bill of materials', async t => {
  // without --omit dev, with which npm 11 leaves out what development needs as well
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--prefix', ROOT]
  const { stdout } = await run('npm', args)
  const { components } = JSON.parse(stdout) as { components: { name: string; version: string }[] }
  const named = new Set(components.map(({ name, version }) => `${name}@${version}`))
  const locked = inProduction.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  t.same(
    locked.filter(each => !named.has(each)),
    [],
  )
})
