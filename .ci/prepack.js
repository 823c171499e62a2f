// Builds what `npm pack` packs: the bundle, and in dist/sbom.cdx.json what it consists of. A clone in which nothing is
// installed yet gets what the build needs.
import { execSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'

if (!existsSync('node_modules')) {
  // npm's own settings, such as --dry-run, are for the npm that runs this
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)))
  execSync('npm ci --ignore-scripts --no-audit --no-fund', { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

const { packages } = await import('./build.js')
const { sbomOf } = await import('./sbom.js')
writeFileSync('dist/sbom.cdx.json', sbomOf(packages))
