import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { newFolder } from '../support/folder.ts'

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js')

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** Runs `config init` in a terminal of its own, in a new folder. `script` gives it the terminal. */
function initInTerminal(t: Test) {
  const folder = newFolder(t)
  const variables = { PATH: process.env.PATH, HOME: folder, NODE: process.execPath, BINARY, SHELL: '/bin/sh' }
  const env = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  // env -i: tap's loaders are not for the built program
  const args = ['-i', ...env, 'script', '-qfec', 'exec "$NODE" "$BINARY" config init', '/dev/null']
  const terminal = spawn('env', args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => terminal.kill('SIGKILL'))
  const ended = once(terminal, 'close')
  let screen = ''
  terminal.stdout.on('data', chunk => {
    screen += chunk
  })
  return {
    folder,
    type: (text: string) => terminal.stdin.write(text),
    shows: async (pattern: RegExp) => {
      while (!pattern.test(screen)) await once(terminal.stdout, 'data')
    },
    ended: async () => ({ code: (await ended)[0], screen }),
  }
}

t.test('on a terminal it asks, also if everything is typed at once, and writes a file that can be used', async t => {
  const { folder, type, shows, ended } = initInTerminal(t)
  await shows(/Which stack\?/)
  type('ap2\napp2\n2\nothers\n\n')
  const { code, screen } = await ended()
  t.equal(code, 0)
  t.match(screen, '"ap2" is not a known stack; did you mean app?')
  t.match(screen, `prismacloud-proxy check --config ${folder}/prismacloud-proxy.yaml`)
  t.strictSame(readdirSync(folder), ['prismacloud-proxy.client-token', 'prismacloud-proxy.yaml'])
  for (const name of readdirSync(folder)) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
  const env = { PC_IDENTITY: 'an-id', PC_SECRET: 'a-key' }
  const args = ['--config', join(folder, 'prismacloud-proxy.yaml')]
  const config = await loadConfig({ args, env, homeDirectory: folder })
  t.match(config, { clients: [{ name: 'default' }], warnings: [] })
  t.match(config.tenants.get('default'), { api: { stack: 'app2' }, policy: { access: 'read-only' } })
})

t.test('Ctrl-C and Ctrl-D before the last answer leave nothing behind', async t => {
  for (const [key, expected] of [
    [CTRL_C, 130],
    [CTRL_D, 1],
  ] as const) {
    const { folder, type, shows, ended } = initInTerminal(t)
    await shows(/Which stack\?/)
    type('app2\n2\n2\n')
    await shows(/Which requests are allowed\?[\s\S]*> $/)
    type(key)
    t.equal((await ended()).code, expected)
    t.strictSame(readdirSync(folder), [])
  }
})
