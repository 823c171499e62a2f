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

t.test('a flag gives the value behind it, or true', async t => {
  for (const { args, key, value } of settings)
    t.strictSame(
      readFlags(args),
      { settings: [{ group: null, key, value, origin: `${args[0]}`.replace(/=.*/, '') }], faults: [] },
      args.join(' '),
    )
})

t.test('a flag that is true or false leaves the next word alone', async t => {
  const { settings, faults } = readFlags(['--assume-json', '--url', 'app2'])
  t.strictSame(faults, [])
  t.match(settings, [
    { key: 'assumeJson', value: 'true' },
    { key: 'url', value: 'app2' },
  ])
})

const faults = [
  {
    args: ['--lisen-address', 'x'],
    says: [
      {
        key: '--lisen-address',
        origin: '--lisen-address',
        problem: 'is not a known flag',
        cure: 'Did you mean --listen-address?',
      },
    ],
  },
  {
    args: ['--something-else=x'],
    says: [{ key: '--something-else', problem: 'is not a known flag', cure: 'See --help.' }],
  },
  { args: ['--credential-command', 'x'], says: [{ problem: 'is not a known flag' }] },
  { args: ['--url'], says: [{ key: 'url', origin: '--url', problem: 'needs a value', cure: 'Write --url VALUE.' }] },
  { args: ['--url', '--log-level', 'info'], says: [{ key: 'url', problem: 'needs a value' }] },
  { args: ['--url', 'a', '--url=b'], says: [{ key: 'url', origin: '--url', problem: 'is given twice' }] },
  { args: ['app2'], says: [{ key: 'arguments', problem: 'there is a word that is no flag' }] },
  { args: ['-c', 'app2'], says: [{ key: 'arguments', problem: 'there is a word that is no flag' }] },
  {
    args: ['--secret-key', 'hunter22'],
    says: [{ key: '--secret-key', problem: /cannot be a flag/, cure: /environment, in a file or by a command/ }],
  },
  { args: ['--access-key-id=hunter22'], says: [{ key: '--access-key-id', problem: /cannot be a flag/ }] },
  {
    args: ['--secrt-key', 'hunter22', 'hunter22'],
    says: [{ key: '--secrt-key', problem: 'is not a known flag' }, { key: 'arguments' }],
  },
]

t.test('a flag that cannot be used is a fault, which repeats no value', async t => {
  for (const { args, says } of faults) {
    const found = readFlags(args).faults
    t.match(found, says, args.join(' '))
    t.equal(found.length, says.length)
    t.notMatch(JSON.stringify(found), 'hunter22')
  }
})
