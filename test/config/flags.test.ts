import t from 'tap'
import { readFlags, splitFlags } from '../../src/config/sources/flags.ts'

const settings = [
  { args: ['--log-level', 'debug'], key: 'log.level', value: 'debug' },
  { args: ['--log-level=debug'], key: 'log.level', value: 'debug' },
  { args: ['--upstream-proxy=http://a/?b=c'], key: 'upstream.proxy', value: 'http://a/?b=c' },
  { args: ['--url='], key: 'url', value: '' },
  { args: ['--access-key-id-file', '/x'], key: 'accessKeyIdFile', value: '/x' },
  { args: ['--config', 'a.yaml'], key: 'config', value: 'a.yaml' },
  { args: ['--assume-json'], key: 'assumeJson', value: 'true' },
  { args: ['--assume-json', 'false'], key: 'assumeJson', value: 'false' },
  { args: ['-c', 'a.yaml'], key: 'config', value: 'a.yaml', origin: '--config' },
  { args: ['-q'], key: 'log.level', value: 'warn', origin: '--quiet' },
  { args: ['--verbose'], key: 'log.level', value: 'debug' },
  { args: ['-p9090'], key: 'listen.address', value: '9090', origin: '--port' },
  { args: ['--pacing-enabled', 'true'], key: 'pacing.enabled', value: 'true' },
  { args: ['--pacing-enabled=false'], key: 'pacing.enabled', value: 'false' },
]

t.test('a flag sets the value after it, or true', async t => {
  for (const { args, key, value, origin = `${args[0]}`.replace(/=.*/, '') } of settings)
    t.strictSame(readFlags(args), [{ group: null, key, value, source: 'flag', origin }], args.join(' '))
})

t.test('a flag for true or false does not take the next argument', async t => {
  t.match(readFlags(['--assume-json', '--url', 'app2']), [
    { key: 'assumeJson', value: 'true' },
    { key: 'url', value: 'app2' },
  ])
})

const NO_FLAG = 'unexpected argument; flags look like --name value'

const refused = [
  { args: ['--lisen-address', 'x'], message: 'unknown flag --lisen-address; did you mean --listen-address?' },
  { args: ['--something-else=x'], message: 'unknown flag --something-else' },
  { args: ['--credential-command', 'x'], message: /^unknown flag --credential-command/ },
  { args: ['--url'], message: '--url needs a value' },
  { args: ['--url', '--log-level', 'info'], message: '--url needs a value' },
  { args: ['--url', '--'], message: '--url needs a value' },
  {
    args: ['--url', 'a', '--url=b'],
    message: '--url is given twice; separate list items with commas (rules: with semicolons)',
  },
  { args: ['app2'], message: NO_FLAG },
  { args: ['-x', 'hunter22'], message: 'unknown flag -x' },
  { args: ['-c'], message: '-c needs a value' },
  {
    args: ['-c', 'hunter22', '--config=hunter22'],
    message: '--config is given twice; separate list items with commas (rules: with semicolons)',
  },
  { args: ['-q', '-v'], message: '--quiet and --verbose cannot be given together; use one of them' },
  {
    args: ['--log-level', 'hunter22', '-q'],
    message: '--log-level and --quiet cannot be given together; use one of them',
  },
  {
    args: ['-p', 'hunter22', '--listen-address', 'hunter22'],
    message: '--port and --listen-address cannot be given together; use one of them',
  },
  { args: ['--assume-json', 'hunter22'], message: NO_FLAG },
  { args: ['--', 'hunter22'], message: NO_FLAG },
  { args: ['--url', 'hunter22', 'hunter22'], message: NO_FLAG },
  { args: ['--hunter22:hunter22'], message: NO_FLAG },
  {
    args: ['--secret-key', 'hunter22'],
    message:
      '--secret-key is not allowed as a flag: other users of this machine can see it; use PC_IDENTITY and PC_SECRET, --secret-key-file or credentialCommand',
  },
  { args: ['--access-key-id=hunter22'], message: /^--access-key-id is not allowed as a flag: / },
  { args: ['--secrt-key', 'hunter22', 'hunter22'], message: 'unknown flag --secrt-key' },
]

t.test('the error of invalid arguments repeats no value', async t => {
  for (const { args, message } of refused) {
    const error = t.throws(() => readFlags(args), { name: 'UsageError', message }, args.join(' '))
    t.notMatch(error, { message: 'hunter22' })
  }
})

t.test("a command's own switches are told from the flags of the configuration", async t => {
  const own = [{ name: '--yes', kind: 'switch', text: '' }] as const
  const args = ['--url', 'app2', '--yes', '-q', '-p', '1', '--assume-json']
  t.strictSame(splitFlags(args, own), {
    own: new Set(['--yes']),
    args: ['--url=app2', '--quiet', '--port=1', '--assume-json=true'],
  })
  t.match(readFlags(splitFlags(args, own).args), { length: 4 })
  t.throws(() => splitFlags(['--no'], own), { name: 'UsageError', message: /^unknown flag --no/ })
})
