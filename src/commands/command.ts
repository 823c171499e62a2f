import type { Flag, FlagGroup } from '../kernel/arguments.ts'
import type { Host } from './host.ts'

/** A command, or one of its subcommands, in words: help, completion and man page are derived from it. */
export interface Description {
  /** One line for lists of commands. */
  readonly summary: string
  /** Each form of the command line, after the program's name: `stacks [--json]`. */
  readonly usage: readonly string[]
  /** What the command does. A paragraph that begins with `- ` is an item of a list. */
  readonly paragraphs: readonly string[]
  /** The flags of this command alone. */
  readonly flags: readonly Flag[]
  /** The flags of the configuration, if the command takes them. */
  readonly configuration?: readonly FlagGroup[]
  /** What else there is to look up: signals. */
  readonly lists?: readonly TermList[]
  /** Each exit code with what it means; without a list, 0 is success, 1 failure, and 2 bad usage. */
  readonly exitCodes?: TermList['rows']
  readonly examples: readonly Example[]
  /** Whether another command line follows `--`. */
  readonly takesCommand?: true
  readonly subcommands?: Readonly<Record<string, Description>>
}

/** A titled list of terms that are explained. */
export interface TermList {
  readonly title: string
  readonly rows: readonly (readonly [term: string, text: string])[]
}

/** A line to type, and what it is good for. */
export interface Example {
  readonly purpose: string
  readonly line: string
}

/** A command of the program, such as `start` or `check`. */
export interface Command extends Description {
  /** Runs the command and returns its exit code. Throws a `UsageError` for arguments that the command does not take. */
  run(host: Host): Promise<number>
}

/** A command, or a subcommand, with the words that name it: `['stacks', 'find']`. */
export interface NamedDescription {
  readonly path: readonly string[]
  readonly description: Description
}

/** Commands that belong together, under a title. */
export interface CommandGroup {
  readonly title: string
  readonly commands: readonly NamedDescription[]
}

/** Returns a command and all of its subcommands. */
export function withSubcommands({ path, description }: NamedDescription): NamedDescription[] {
  const below = Object.entries(description.subcommands ?? {}).map(([name, description]) => ({
    path: [...path, name],
    description,
  }))
  return [{ path, description }, ...below]
}
