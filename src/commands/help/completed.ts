import type { Flag } from '../../kernel/arguments.ts'
import { stacks } from '../../stacks/stacks.ts'
import { type CommandGroup, type NamedDescription, withSubcommands } from '../command.ts'

/** What a shell completes after the words of a command. */
export interface CompletedCommand {
  /** The words that name the command, separated by spaces; empty for the program itself. */
  readonly at: string
  /** The commands that may follow these words at once. */
  readonly commands: readonly CompletedWord[]
  readonly flags: readonly CompletedFlag[]
  /** Whether another command line follows `--`. */
  readonly takesCommand: boolean
}

/** A word with what it does, in brief. */
export interface CompletedWord {
  readonly word: string
  readonly brief: string
}

/** A flag with what a shell completes its value with. */
export interface CompletedFlag {
  readonly name: string
  readonly short: string | null
  readonly brief: string
  readonly placeholder: string
  /** Null if the flag takes no value; `text` for a value that only the user knows; otherwise the possible values. */
  readonly value: 'files' | 'tenants' | 'text' | readonly string[] | null
  /** Whether the value may be left out. */
  readonly isOptional: boolean
}

const HELP: Flag = { name: '--help', short: '-h', kind: 'switch', text: 'Show the help.' }

const VERSION: Flag = { name: '--version', kind: 'switch', text: 'Show the version.' }

/** Returns what shells complete: first for the program itself, which has the flags of `start`, then for each command. */
export function completedCommands(groups: readonly CommandGroup[]): readonly CompletedCommand[] {
  const commands = groups.flatMap(group => group.commands)
  const all = commands.flatMap(withSubcommands).map(completedCommand)
  const words = commands.map(({ path, description }) => wordOf(path.join(' '), description.summary))
  const flags = all.filter(({ at }) => at === 'start').flatMap(start => start.flags)
  return [{ at: '', commands: words, flags: [...flags, completedFlag(VERSION)], takesCommand: false }, ...all]
}

function completedCommand({ path, description }: NamedDescription): CompletedCommand {
  const { flags, configuration = [], subcommands = {}, takesCommand = false } = description
  const offered = [...flags, ...configuration.flatMap(group => group.flags), HELP]
  const commands = Object.entries(subcommands).map(([name, { summary }]) => wordOf(name, summary))
  return { at: path.join(' '), commands, flags: offered.map(completedFlag), takesCommand }
}

function wordOf(word: string, text: string): CompletedWord {
  return { word, brief: firstSentence(text) }
}

function completedFlag(flag: Flag): CompletedFlag {
  const { name, short = null, text, kind, placeholder = '' } = flag
  return {
    name,
    short,
    brief: firstSentence(text),
    placeholder,
    value: completedValue(flag),
    isOptional: kind === 'toggle',
  }
}

function completedValue({ kind, choices, completes, placeholder }: Flag): CompletedFlag['value'] {
  if (kind === 'switch') return null
  if (kind === 'toggle') return ['true', 'false']
  if (choices) return choices
  if (completes === 'stacks') return stacks.map(({ name }) => name)
  if (completes === 'tenants') return 'tenants'
  return placeholder === 'FILE' ? 'files' : 'text'
}

/** Returns the first sentence, without its period. */
function firstSentence(text: string): string {
  return text.replace(/\. .*$/s, '').replace(/\.$/, '')
}

/** Returns each way to write a flag: the short form first. */
export function formsOf({ name, short }: Pick<CompletedFlag, 'name' | 'short'>): readonly string[] {
  return short === null ? [name] : [short, name]
}
