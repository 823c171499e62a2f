import { join } from 'node:path'
import t from 'tap'
import { withSubcommands } from '../../src/commands/command.ts'
import { completionCommand } from '../../src/commands/completion.ts'
import { bashCompletion } from '../../src/commands/help/bash.ts'
import { type CompletedCommand, completedCommands } from '../../src/commands/help/completed.ts'
import { fishCompletion } from '../../src/commands/help/fish.ts'
import { zshCompletion } from '../../src/commands/help/zsh.ts'
import { describeCommands } from '../../src/commands/registry.ts'
import { stacks } from '../../src/stacks/stacks.ts'
import { fakeHost } from '../support/host.ts'

const completion = completionCommand(describeCommands)
const groups = await describeCommands()
const completed = completedCommands(groups)

async function run(args: readonly string[], env = {}, homeDirectory = '/nonexistent') {
  const host = fakeHost({ args, env, homeDirectory })
  const code = await completion.run(host)
  return { code, out: host.stdout.text, err: host.stderr.text }
}

t.test('every command, subcommand and flag is completed, and the program has the flags of start', async t => {
  const commands = groups.flatMap(group => group.commands)
  const paths = commands.flatMap(withSubcommands).map(({ path }) => path.join(' '))
  t.strictSame(
    completed.map(({ at }) => at),
    ['', ...paths],
  )
  const [program, start] = completed
  t.strictSame(
    program?.commands.map(({ word }) => word),
    commands.map(({ path }) => path.join(' ')),
  )
  t.equal(program?.flags.length, (start?.flags.length ?? 0) + 1)
})

t.test('values are completed with what they can be', async t => {
  const flag = (name: string, at = 'start') =>
    completed.find(each => each.at === at)?.flags.find(each => each.name === name)
  t.match(flag('--config'), { short: '-c', value: 'files', isOptional: false })
  t.match(flag('--default-tenant'), { value: 'tenants' })
  t.match(flag('--tenant', 'requests'), { value: 'tenants' })
  t.strictSame(
    flag('--url')?.value,
    stacks.map(({ name }) => name),
  )
  t.equal(flag('--url', 'status')?.value, 'text')
  t.strictSame(flag('--errors')?.value, ['problem', 'passthrough'])
  t.match(flag('--assume-json'), { value: ['true', 'false'], isOptional: true })
  t.equal(flag('--quiet')?.value, null)
  t.equal(flag('--listen-trusted-hosts')?.brief.at(-1), 't', 'one sentence, without its period')
})

t.test('each shell has a script with all of it', async t => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await run([shell])
    t.equal(code, 0)
    for (const { at, flags } of completed) {
      t.ok(out.includes(at))
      for (const { name } of flags) t.match(out, shell === 'fish' ? `-l ${name.slice(2)} ` : name, `${shell} ${name}`)
    }
    t.match(out, 'app2.eu')
  }
})

t.test('what a shell could misread is escaped', async t => {
  const odd: CompletedCommand = {
    at: 'do',
    commands: [{ word: 'it', brief: "one's: [all] \\" }],
    flags: [
      { name: '--odd', short: null, brief: "one's: [all] \\", placeholder: 'A:B', value: 'text', isOptional: false },
    ],
    takesCommand: false,
  }
  t.match(zshCompletion([odd]), `'(--odd)--odd=[one'\\''s\\: \\[all\\] \\\\]:A\\:B: '`)
  t.match(fishCompletion([odd]), `-l odd -x -d 'one\\'s: [all] \\\\'\n`)
  t.notMatch(bashCompletion([odd]), "one's")
})

t.test('the tenants of the configuration on an unfinished command line are printed', async t => {
  const home = t.testdir({ 'a.yaml': 'tenants: {prod: {}, sandbox: {}}', 'my conf.yaml': 'tenants: {mine: {}}' })
  const file = join(home, 'a.yaml')
  const both = { code: 0, out: 'prod\nsandbox\n', err: '' }
  for (const words of [
    ['start', '-c', file, '--default-tenant'],
    ['start', `-c${file}`],
    ['--config', file, '--default-tenant', '=', 'p'],
    [`--config=${file}`],
    ['check', '--config', '=', file],
    ['-c', '~/a.yaml'],
  ])
    t.strictSame(await run(['tenants', '--', ...words], {}, home), both, words.join(' '))
  t.match(await run(['tenants', '--', '-c', `'${join(home, 'my conf.yaml')}'`]), { out: 'mine\n' })
  t.strictSame(await run(['tenants', '--', 'requests'], { PRISMACLOUD_PROXY_CONFIG: file }), both)
  const nothing = { code: 0, out: '', err: '' }
  for (const words of [[], ['-c'], ['--config', '='], ['-c', '/nonexistent']])
    t.strictSame(await run(['tenants', '--', ...words]), nothing, words.join(' '))
  t.strictSame(await run(['tenants']), nothing)
})

t.test('other arguments are refused', async t => {
  const rows: [args: string[], message: string][] = [
    [[], 'no shell given; expected one of: bash, zsh, fish'],
    [['bsh'], 'unknown command "bsh"; did you mean "bash"?'],
    [['bash', '--all'], 'unknown flag --all'],
  ]
  for (const [args, message] of rows) await t.rejects(run(args), { name: 'UsageError', message })
})
