import t from 'tap'
import type { Description } from '../../src/commands/command.ts'
import { helpFor, renderHelp } from '../../src/commands/help/help.ts'
import { loadCommand } from '../../src/commands/registry.ts'
import { fakeHost } from '../support/host.ts'

const MINIMAL: Description = { summary: 'Do it', usage: ['do'], paragraphs: ['Does it.'], flags: [], examples: [] }

const render = (description: Description) => renderHelp({ path: ['do'], description }, { width: 60, all: false })

t.test('what a command does not have, its help does not mention', async t => {
  t.equal(render(MINIMAL), 'Usage: prismacloud-proxy do\n\nDoes it.\n')
})

t.test('all that a command has is in its help', async t => {
  const full: Description = {
    ...MINIMAL,
    usage: ['do [--yes]', 'do more'],
    flags: [
      { name: '--yes', short: '-y', kind: 'switch', text: 'Agree.' },
      { name: '--way', kind: 'value', placeholder: 'WORD', text: 'How.', choices: ['a', 'b'], default: 'a' },
      { name: '--no', kind: 'toggle', placeholder: 'true|false', text: 'Not.' },
    ],
    lists: [{ title: 'Signals', rows: [['SIGHUP', 'Reload']] }],
    exitCodes: [['0', 'done']],
    examples: [{ purpose: 'Just do it', line: 'prismacloud-proxy do --yes' }],
    subcommands: { more: { ...MINIMAL, summary: 'Do more' } },
  }
  t.equal(
    render(full),
    `Usage: prismacloud-proxy do [--yes]
       prismacloud-proxy do more

Does it.

Commands:
  more  Do more

Options:
  -y, --yes            Agree.
      --way WORD       How. One of a, b. [a]
      --no true|false  Not.

Signals:
  SIGHUP  Reload

Exit codes:
  0  done

Examples:
  # Just do it
  prismacloud-proxy do --yes
`,
  )
})

t.test('of the configuration the important flags come first, and with --all every one, in groups', async t => {
  const start = await loadCommand('start')
  const help = (...args: string[]) => helpFor('start', start, fakeHost({ args, isTTY: true }))
  const brief = help('--help')
  t.match(brief, /\nOptions:\n {2}-c, --config FILE .*\n {6}--url TEXT /)
  t.match(brief, /\n"prismacloud-proxy start --help --all" shows \d+ more options, /)
  t.match(brief, '\n  -p, --port NUMBER ')
  t.notMatch(brief, /--session-wait-timeout|Listen options/)
  const all = help('--help', '--all')
  t.match(all, /\nListen options:\n {2}-p, --port NUMBER +Port/)
  t.match(
    all.replace(/\s+/g, ' '),
    ' --session-wait-timeout DURATION How long a request waits for a session before it is refused. [15s] ',
  )
  t.match(all, /\nDURATION is a whole number/)
  t.notMatch(all, /--help --all|--secret-key |\[\]/)
  const [shown = 0, hidden = 0] = [all, brief].map(text => text.match(/^ {2}(?:-., | {4})--/gm)?.length ?? 0)
  t.match(brief, ` shows ${shown - hidden} more options`)
})

t.test('a subcommand has a help of its own', async t => {
  const stacks = await loadCommand('stacks')
  const help = (...args: string[]) => helpFor('stacks', stacks, fakeHost({ args }))
  t.match(help(), /^Usage: prismacloud-proxy stacks \[--json\]\n +prismacloud-proxy stacks find /)
  t.match(help(), /\nCommands:\n {2}find {2}Find/)
  t.match(help('find', '-h'), /^Usage: prismacloud-proxy stacks find \[--yes\] \[OPTIONS\]\n/)
  t.match(help('find', '-h'), '"prismacloud-proxy stacks find --help --all" shows')
  t.equal(help('constructor', '-h'), help())
  const ca = await loadCommand('ca')
  t.match(helpFor('demo', await loadCommand('demo'), fakeHost({ args: ['find'] })), /^Usage: prismacloud-proxy demo/)
  t.match(helpFor('ca', ca, fakeHost({ args: ['rotate'] })), 'Replaces the local CA')
})
