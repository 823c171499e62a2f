import t from 'tap'
import { main } from '../../src/cli.ts'
import { type NamedDescription, withSubcommands } from '../../src/commands/command.ts'
import { renderHelp } from '../../src/commands/help/help.ts'
import { commandNames, describeCommands } from '../../src/commands/registry.ts'
import type { Flag } from '../../src/kernel/arguments.ts'
import { fakeHost } from '../support/host.ts'

const groups = await describeCommands()
const commands: readonly NamedDescription[] = groups.flatMap(group => group.commands)
const all = commands.flatMap(withSubcommands)

/** The flags that a command's help, completion and man page list. */
function documented({ description: { flags, configuration = [] } }: NamedDescription): Flag[] {
  return [...flags, ...configuration.flatMap(group => group.flags)]
}

/** A flag as it may be given: long or short, with a value if it takes one. */
function written({ name, short, kind }: Flag): string[][] {
  const forms = short === undefined ? [name] : [name, short]
  return forms.map(form => (kind === 'value' ? [form, 'x'] : [form]))
}

/** Runs a command with arguments before those that it runs. It must refuse them; gives what it says. */
async function refusal({ path, description }: NamedDescription, args: readonly string[]): Promise<string> {
  const rest = description.takesCommand ? ['--', 'true'] : []
  return refusalOf([...path, ...args, ...rest])
}

async function refusalOf(args: readonly string[]): Promise<string> {
  const host = fakeHost({ args })
  const code = await main(host)
  if (code !== 2) throw new Error(`${args.join(' ')} ended with ${code}`)
  return host.stderr.text
}

const UNKNOWN = '--no-such-flag-at-all'

t.test('every command is in one group', async t => {
  t.strictSame(
    commands.map(({ path }) => path),
    commandNames.map(name => [name]),
  )
})

t.test('every flag that is documented is accepted, in all of its forms', async t => {
  // the arguments are read in their order: what is before the unknown one was accepted
  for (const command of all)
    for (const args of documented(command).flatMap(written))
      if (!(await refusal(command, [...args, UNKNOWN])).startsWith(`unknown flag ${UNKNOWN}`))
        t.fail(`${command.path.join(' ')} ${args.join(' ')}`)
})

t.test('every flag that is not documented is refused', async t => {
  const flags = new Map(
    all
      .flatMap(documented)
      .flatMap(written)
      .map(args => [args[0], args]),
  )
  for (const command of all) {
    const known = new Set(
      documented(command)
        .flatMap(written)
        .map(([form]) => form),
    )
    for (const [form = '', args] of flags)
      if (!known.has(form) && !(await refusal(command, args)).match(/unknown flag|has no effect|unexpected argument/))
        t.fail(`${command.path.join(' ')} ${form}`)
  }
})

t.test('each has a summary, two examples or more, and a help that fits', async t => {
  for (const { description } of commands) t.ok(description.examples.length >= 2, description.summary)
  for (const command of all) {
    const { summary, usage } = command.description
    t.match(summary, /^[A-Z].*[^.]$/)
    for (const line of usage) t.match(line.replace(/[[\]]/g, ''), new RegExp(`^${command.path[0]}`))
    for (const width of [60, 100]) {
      const help = renderHelp(command, { width, all: true }).replace(/\nExamples:.*/s, '')
      const wide = help.split('\n').filter(line => line.length > width || line !== line.trimEnd())
      t.strictSame(
        wide.filter(line => !/^(Usage:| {2}) /.test(line) || line !== line.trimEnd()),
        [],
      )
    }
  }
})

t.test('flags say what they take', async t => {
  for (const command of all) {
    const flags = documented(command)
    const forms = flags.flatMap(written).map(([form]) => form)
    t.equal(new Set(forms).size, forms.length, command.path.join(' '))
    for (const { name, kind, placeholder, text } of flags) {
      t.equal(placeholder !== undefined, kind !== 'switch', name)
      t.match(text, /^[A-Z].*\.$/, name)
    }
  }
})

/** The words of a command line as a shell splits them, up to the end of the command. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.replace(/^source <\(|^eval "\$\(|^(?:\w+=\S+ )+/, '').split(/ [|>] |\)"?$/)
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? `${plain}`)
}

t.test('every example is a command line of its command, with flags that it accepts', async t => {
  for (const { path, description } of all)
    for (const { purpose, line } of description.examples) {
      t.match(purpose, /^[A-Z].*[^.:]$/)
      const [program, ...args] = wordsOf(line)
      t.equal(program, 'prismacloud-proxy', line)
      if (path[0] !== 'start') t.equal(args[0], path[0], line)
      const end = [...args, '--'].indexOf('--')
      const unknown = [...args.slice(0, end), UNKNOWN, ...args.slice(end)]
      t.match(await refusalOf(unknown), `unknown flag ${UNKNOWN}`, line)
    }
})
