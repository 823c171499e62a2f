import t from 'tap'
import {
  asksForAll,
  asksForHelp,
  type Flag,
  readArguments,
  splitAtTerminator,
  takeCommand,
  UsageError,
} from '../../src/kernel/arguments.ts'

const FLAGS: readonly Flag[] = [
  { name: '--url', short: '-u', kind: 'value', text: '' },
  { name: '--assume-json', kind: 'toggle', text: '' },
  { name: '--yes', short: '-y', kind: 'switch', text: '' },
  { name: '--secret', kind: 'refused', text: 'use a file' },
]

t.test('flags are read in their order, however their values are written', async t => {
  const rows: [args: string[], given: [string, string][]][] = [
    [[], []],
    [['--url', 'app2'], [['--url', 'app2']]],
    [['--url=app2'], [['--url', 'app2']]],
    [['--url=a=b'], [['--url', 'a=b']]],
    [['--url=--yes'], [['--url', '--yes']]],
    [['--url', ''], [['--url', '']]],
    [['--url', '-x'], [['--url', '-x']]],
    [['--yes'], [['--yes', 'true']]],
    [['-u', 'app2'], [['--url', 'app2']]],
    [['-uapp2'], [['--url', 'app2']]],
    [['-y'], [['--yes', 'true']]],
    [
      ['-yu', 'app2'],
      [
        ['--yes', 'true'],
        ['--url', 'app2'],
      ],
    ],
    [['--assume-json'], [['--assume-json', 'true']]],
    [['--assume-json', 'false'], [['--assume-json', 'false']]],
    [['--assume-json=no'], [['--assume-json', 'no']]],
    [
      ['--assume-json', '--yes'],
      [
        ['--assume-json', 'true'],
        ['--yes', 'true'],
      ],
    ],
    [
      ['--url', 'a', '--yes', '--url', 'b'],
      [
        ['--url', 'a'],
        ['--yes', 'true'],
        ['--url', 'b'],
      ],
    ],
  ]
  for (const [args, given] of rows) t.strictSame(readArguments(args, FLAGS), given, args.join(' '))
})

t.test('the first argument that is not declared, or lacks its value, is an error', async t => {
  const word = 'unexpected argument; flags look like --name value'
  const rows: [args: string[], message: string][] = [
    [['--ulr', 'x'], 'unknown flag --ulr; did you mean --url?'],
    [['--something-else'], 'unknown flag --something-else'],
    [['--constructor'], 'unknown flag --constructor'],
    [['--__proto__=x'], word],
    [['--secre'], 'unknown flag --secre'],
    [['--secret', 'x'], '--secret is not allowed as a flag: use a file'],
    [['--url'], '--url needs a value'],
    [['--url', '--yes'], '--url needs a value'],
    [['--url', '--'], '--url needs a value'],
    [['--yes=true'], '--yes takes no value'],
    [['--yes', 'true'], word],
    [['--assume-json', 'no'], word],
    [['-x'], 'unknown flag -x'],
    [['-x', 'hunter22'], 'unknown flag -x'],
    [['-hunter22'], 'unknown flag -h'],
    [['-yx'], 'unknown flag -x'],
    [['-1hunter22'], word],
    [['-u'], '-u needs a value'],
    [['-u', '--yes'], '-u needs a value'],
    [['-'], word],
    [['--', '--yes'], word],
    [['app2', '--ulr'], word],
  ]
  for (const [args, message] of rows)
    t.throws(() => readArguments(args, FLAGS), new UsageError(message), args.join(' '))
})

t.test('a command stands before all flags', async t => {
  const take = (...args: string[]) => takeCommand(args, ['start', 'stacks'])
  t.strictSame(take('start', '--yes'), ['start', ['--yes']])
  t.strictSame(take('--yes', 'start'), [undefined, ['--yes', 'start']])
  t.strictSame(take(), [undefined, []])
  t.throws(() => take('strat'), new UsageError('unknown command "strat"; did you mean "start"?'))
  t.throws(() => take('make-coffee'), new UsageError('unknown command "make-coffee"'))
  t.throws(() => take(''), new UsageError('unknown command ""'))
})

t.test('what follows -- belongs to another program, help included', async t => {
  t.strictSame(splitAtTerminator(['--yes', '--', 'sh', '--', '-c']), [['--yes'], ['sh', '--', '-c']])
  t.strictSame(splitAtTerminator(['--yes']), [['--yes'], []])
  t.strictSame(splitAtTerminator(['--']), [[], []])
  t.equal(asksForHelp(['--nonsense', '--help']), true)
  t.equal(asksForHelp(['-h', '--', 'sh']), true)
  t.equal(asksForHelp(['--', 'sh', '--help']), false)
  t.equal(asksForHelp(['--helpless']), false)
  t.equal(asksForAll(['--help', '--all']), true)
  t.equal(asksForAll(['--help', '--', '--all']), false)
})
