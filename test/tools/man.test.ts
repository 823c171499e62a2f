import { resolve } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'

const PAGE = resolve(import.meta.dirname, '../../config/prismacloud-proxy.1')

t.test('man formats the page without a warning', async t => {
  const env = { LC_ALL: 'C.UTF-8', MANWIDTH: '80' }
  const { stdout, stderr } = await run('man', ['--warnings=w', '-l', PAGE], env)
  t.equal(stderr, '')
  t.match(stdout, /^PRISMACLOUD-PROXY\(1\) +User Commands +PRISMACLOUD-PROXY\(1\)\n/)
  t.match(stdout, /\n {7}-c, --config FILE\n {14}YAML file with the configuration\.\n/)
  t.match(stdout, /\n {11}prismacloud-proxy start -c config\.yaml -p 9090\n/)
  t.match(stdout, /✓ passed, ✗\s+failed/)
})
