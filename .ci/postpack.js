// Packs again what `npm pack` has packed, without what only developers need of package.json: everything is in the
// bundle, so that nothing is installed with it. package.json itself is never changed, which would be left changed
// if somebody stopped npm.
import { execFileSync, execSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const FOR_DEVELOPERS = ['scripts', 'dependencies', 'devDependencies', 'overrides']

// INIT_CWD is where npm was called
const { npm_config_dry_run: dryRun, npm_config_pack_destination: destination = '.', INIT_CWD = '.' } = process.env

if (dryRun !== 'true') repack(resolve(INIT_CWD, destination))

function repack(destination) {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const file = `${name}-${version}.tgz`
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  try {
    // its tar takes no paths with a drive letter, so it runs where the archive is
    execFileSync('tar', ['-xzf', file, '-C', folder], { cwd: destination })
    const cwd = join(folder, 'package')
    writeFileSync(join(cwd, 'package.json'), forUsers(readFileSync(join(cwd, 'package.json'), 'utf8')))
    const output = execSync(`npm pack --json --ignore-scripts --pack-destination="${destination}"`, { cwd })
    const [{ size, shasum, integrity }] = JSON.parse(output)
    console.error(`${file} without dependencies: ${size} bytes, ${shasum}, ${integrity}`)
    console.error('(what npm says below is of the archive as it was before)')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function forUsers(text) {
  const entries = Object.entries(JSON.parse(text)).filter(([key]) => !FOR_DEVELOPERS.includes(key))
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`
}
