import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { codeIn, sectionOf } from '../support/markdown.ts'
import { follow, run, spawnBare } from '../support/process.ts'
import { atVendor, credentials, startSimulatorProcess } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'config/README.md'), 'utf8')
const REMOVAL = 'Remove it completely'

/** What removes the files of the proxy. */
const [FILES = ''] = codeIn(README, REMOVAL, 'sh')

t.test('after the steps of the README, nothing is left that the proxy wrote', async t => {
  const folder = newFolder(t)
  const at = (name: string) => join(folder, name)
  for (const name of ['home', 'home/.local', 'home/.local/state', 'tmp', 'work']) mkdirSync(at(name))
  const simulator = await startSimulatorProcess(t, 600)
  const env = {
    ...credentials(simulator),
    ...(await atVendor(t, simulator)),
    PATH: `${process.env.PATH}`,
    HOME: at('home'),
    TMPDIR: at('tmp'),
  }
  const cli = (...args: string[]) =>
    follow(t, spawnBare(process.execPath, [join(ROOT, 'dist/cli.js'), ...args], env, at('work')))

  const answers = ['--url', 'app2', '--access-key', 'environment', '--used-by', 'others', '--access', 'read-only']
  t.equal(await cli('config', 'init', ...answers).ended, 0)

  const socket = `unix:${at('work/socket')}`
  const proxy = cli('start', '--listen-address', socket, '--listen-tls', 'auto', '--listen-tls-address', '127.0.0.1:0')
  await proxy.until(/ready in/)
  proxy.process.kill('SIGTERM')
  t.equal(await proxy.ended, 0)

  const killed = cli('exec', '--', 'sh', '-c', 'echo pid $$; exec sleep 600')
  const [, pid] = await killed.until(/pid (\d+)/)
  killed.process.kill('SIGKILL')
  process.kill(Number(pid), 'SIGKILL')
  await killed.ended

  const files = filesIn(folder)
  t.strictSame(files.map(withoutSuffix).sort(), [
    'home/.local/state/prismacloud-proxy/ca-key.pem',
    'home/.local/state/prismacloud-proxy/ca.pem',
    'tmp/prismacloud-proxy-*/trust.pem',
    'work/prismacloud-proxy.client-token',
    'work/prismacloud-proxy.yaml',
  ])
  const named = (path: string) => sectionOf(README, REMOVAL).includes(`\`${basename(path)}\``)
  t.ok(files.filter(path => !path.startsWith('tmp/')).every(named), 'the README names each')
  await run('sh', ['-c', `cd "${at('work')}"; ${FILES}`], { HOME: env.HOME, TMPDIR: env.TMPDIR })
  t.strictSame(filesIn(folder), [])
  t.strictSame(readdirSync(folder, { recursive: true }).sort(), [
    'home',
    'home/.local',
    'home/.local/state',
    'tmp',
    'work',
  ])
})

/** The paths of all files below a folder. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return entries.filter(entry => !statSync(join(folder, entry)).isDirectory())
}

/** A path without the random part of a temporary folder's name. */
function withoutSuffix(path: string): string {
  return path.replace(/(\/prismacloud-proxy-)\w+/, '$1*')
}
