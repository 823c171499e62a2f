import t from 'tap'
import { readFlags } from '../../src/config/sources/flags.ts'

const settings = [
  { args: ['--log-level', 'debug'], key: 'log.level', value: 'debug' },
  { args: ['--log-level=debug'], key: 'log.level', value: 'debug' },
  { args: ['--upstream-proxy=http://a/?b=c'], key: 'upstream.proxy', value: 'http://a/?b=c' },
  { args: ['--url='], key: 'url', value: '' },
  { args: ['--access-key-id-file', '/x'], key: 'accessKeyIdFile', value: '/x' },
  { args: ['--config', 'a.yaml'], key: 'config', value: 'a.yaml' },
  { args: ['--assume-json'], key: 'assumeJson', value: 'true' },
  { args: ['--assume-json', 'false'], key: 'assumeJson', value: 'false' },
  { args: ['--pacing-enabled', 'true'], key: 'pacing.enabled', value: 'true' },
  { args: ['--pacing-enabled=false'], key: 'pacing.enabled', value: 'false' },
]

t.test('a flag sets the value after it, or true', async t => {
  for (const { args, key, value } of settings)
    t.strictSame(
      readFlags(args),
      [{ group: null, key, value, source: 'flag', origin: `${args[0]}`.replace(/=.*/, '') }],
      args.join(' '),
    )
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
  { args: ['-c', 'app2'], message: NO_FLAG },
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
