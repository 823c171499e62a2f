import { parseArgs } from 'node:util'
import { nearest } from './nearest.ts'

/**
 * Thrown for arguments that a command cannot run with. The message says which ones and what to type instead, but
 * repeats no flag's value.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A flag of a command: what it accepts, and what help, completion and man page say about it. */
export interface Flag {
  /** The name with its hyphens: `--listen-address`. */
  readonly name: string
  /** The short form, if there is one: `-c`. */
  readonly short?: string
  readonly kind: FlagKind
  /** What it does; for a refused flag, why it is not allowed and what to use in its place. */
  readonly text: string
  /** What stands for the value: `FILE` for the path of a file, which shells then complete. */
  readonly placeholder?: string
  /** The value of a flag that is not given. */
  readonly default?: string
  /** The only values that are valid. */
  readonly choices?: readonly string[]
  /** What shells complete a value with that has no fixed choices. */
  readonly completes?: 'stacks' | 'tenants'
  /** Whether the help shows it among the first. */
  readonly isImportant?: boolean
}

/**
 * What may follow a flag:
 *
 * - `value`: a value, which is required: `--url app2`, `--url=app2`, or short `-p 9090`, `-p9090`.
 * - `toggle`: `true` or `false`; alone it means `true`.
 * - `switch`: nothing.
 * - `refused`: nothing, because the flag is known but not allowed, and in no help.
 */
export type FlagKind = 'value' | 'toggle' | 'switch' | 'refused'

/** Flags that belong together, under a title: `Listen`. */
export interface FlagGroup {
  readonly title: string
  readonly flags: readonly Flag[]
}

/** A flag as it was given, by its long name. A toggle or switch without a value has the value `true`. */
export type GivenFlag = readonly [name: string, value: string]

/** What a flag looks like. Errors do not repeat other words, because they may be misplaced secrets. */
const FLAG = /^(?:--[a-z][a-z0-9-]*|-[a-z])$/i

/** The word after which all arguments belong to another program (POSIX, Utility Syntax Guideline 10). */
const TERMINATOR = '--'

/** Splits arguments at the first `--`, which belongs to neither part. Without one the second part is empty. */
export function splitAtTerminator(args: readonly string[]): [own: readonly string[], rest: readonly string[]] {
  const at = [...args, TERMINATOR].indexOf(TERMINATOR)
  return [args.slice(0, at), args.slice(at + 1)]
}

/** Whether arguments ask for help, with `--help` or `-h` anywhere before a `--`. */
export function asksForHelp(args: readonly string[]): boolean {
  const [own] = splitAtTerminator(args)
  return own.includes('--help') || own.includes('-h')
}

/**
 * Takes a command's name off the front of the arguments. The name is undefined if there are none, or the first is a
 * flag. Throws a {@link UsageError} that suggests the nearest of `known` if the name is not one of them.
 */
export function takeCommand<Name extends string>(
  args: readonly string[],
  known: readonly Name[],
): [name: Name | undefined, rest: readonly string[]] {
  const [first, ...rest] = args
  if (first === undefined || first.startsWith('-')) return [undefined, args]
  const name = known.find(each => each === first)
  if (name !== undefined) return [name, rest]
  const meant = nearest(first, known)
  throw new UsageError(`unknown command "${first}"${meant ? `; did you mean "${meant}"?` : ''}`)
}

/** Whether arguments that ask for help ask for all of it, with `--all` anywhere before a `--`. */
export function asksForAll(args: readonly string[]): boolean {
  return splitAtTerminator(args)[0].includes('--all')
}

/**
 * Reads the flags of a command that takes no other arguments, in the order in which they were given. Throws a
 * {@link UsageError} for the first one that is not declared or lacks its value, and for any other word.
 */
export function readArguments(args: readonly string[], declared: readonly Flag[]): readonly GivenFlag[] {
  const given: GivenFlag[] = []
  const tokens = tokenize(args, declared)
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if (token.kind !== 'option' || !FLAG.test(token.rawName))
      throw new UsageError('unexpected argument; flags look like --name value')
    const flag = flagOf(token.rawName, declared)
    given.push([flag.name, takeValue(token, flag, tokens)])
  }
  return given
}

type Token = ReturnType<typeof tokenize>[number]

type OptionToken = Extract<Token, { readonly kind: 'option' }>

/**
 * Splits arguments into tokens. `parseArgs` is not strict here, because its errors quote values and suggest nothing.
 */
function tokenize(args: readonly string[], declared: readonly Flag[]) {
  const options = declared.map(({ name, short, kind }) => {
    const type: 'string' | 'boolean' = kind === 'value' ? 'string' : 'boolean'
    return [name.slice('--'.length), short ? { type, short: short.slice('-'.length) } : { type }] as const
  })
  const config = { args: [...args], options: Object.fromEntries(options), strict: false, tokens: true } as const
  return parseArgs({ ...config, allowPositionals: true }).tokens
}

function flagOf(written: string, declared: readonly Flag[]): Flag {
  const flag = declared.find(({ name, short }) => name === written || short === written)
  if (flag?.kind === 'refused') throw new UsageError(`${written} is not allowed as a flag: ${flag.text}`)
  if (flag !== undefined) return flag
  const usable = declared.filter(({ kind }) => kind !== 'refused').map(({ name }) => name)
  const meant = written.startsWith('--') ? nearest(written, usable) : undefined
  throw new UsageError(`unknown flag ${written}${meant ? `; did you mean ${meant}?` : ''}`)
}

function takeValue({ rawName, value, inlineValue }: OptionToken, { kind }: Flag, following: Token[]): string {
  if (kind === 'toggle') return value ?? takeBoolean(following) ?? 'true'
  if (kind === 'switch') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    return 'true'
  }
  // parseArgs takes the next word as the value, even if it is a flag
  if (value === undefined || (!inlineValue && value.startsWith('--'))) throw new UsageError(`${rawName} needs a value`)
  return value
}

/** Takes the word that follows a toggle, if it is `true` or `false`. */
function takeBoolean(following: Token[]): string | undefined {
  const [next] = following
  if (next?.kind !== 'positional' || !['true', 'false'].includes(next.value)) return undefined
  following.shift()
  return next.value
}
