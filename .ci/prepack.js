// Builds what `npm pack` packs: the bundle, and in dist/sbom.cdx.json what it consists of. A clone in which nothing is
// installed yet gets what the build needs.
import { execSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { withoutNpmSettings } from './npm-environment.js'

if (!existsSync('node_modules')) {
  const stdio = ['ignore', 'ignore', 'inherit']
  execSync('npm ci --ignore-scripts --no-audit --no-fund', { env: withoutNpmSettings, stdio })
}

const { packages } = await import('./build.js')
const { sbomOf } = await import('./sbom.js')
writeFileSync('dist/sbom.cdx.json', sbomOf(packages))
