import { parseArgs } from 'node:util'
import { nearest } from './nearest.ts'

/**
 * Thrown for arguments that a command cannot run with. The message says which ones and what to type instead, but
 * repeats no flag's value.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * What may follow a flag:
 *
 * - `value`: a value, which is required: `--url app2` or `--url=app2`.
 * - `toggle`: `true` or `false`; alone it means `true`.
 * - `switch`: nothing.
 * - `refused`: nothing, because the flag is known but not allowed; the text says why and what to use in its place.
 */
export type FlagKind = 'value' | 'toggle' | 'switch' | { readonly refused: string }

/** The flags that a command declares, by name: `--listen-address`. */
export type Flags = ReadonlyMap<string, FlagKind>

/** A flag as it was given. A toggle or switch without a value has the value `true`. */
export type GivenFlag = readonly [name: string, value: string]

/** What a flag looks like. Errors do not repeat other words, because they may be misplaced secrets. */
const FLAG = /^--[a-z][a-z0-9-]*$/i

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

/**
 * Reads the flags of a command that takes no other arguments, in the order in which they were given. Throws a
 * {@link UsageError} for the first one that is not declared or lacks its value, and for any other word.
 */
export function readArguments(args: readonly string[], declared: Flags): readonly GivenFlag[] {
  const given: GivenFlag[] = []
  const tokens = tokenize(args, declared)
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if (token.kind !== 'option' || !FLAG.test(token.rawName))
      throw new UsageError('unexpected argument; flags look like --name value')
    given.push([token.rawName, takeValue(token, kindOf(token.rawName, declared), tokens)])
  }
  return given
}

type Token = ReturnType<typeof tokenize>[number]

type OptionToken = Extract<Token, { readonly kind: 'option' }>

/**
 * Splits arguments into tokens. `parseArgs` is not strict here, because its errors quote values and suggest nothing.
 */
function tokenize(args: readonly string[], declared: Flags) {
  const options = [...declared].map(([name, kind]) => {
    const type = kind === 'value' ? 'string' : 'boolean'
    return [name.slice('--'.length), { type }] as const
  })
  const config = { args: [...args], options: Object.fromEntries(options), strict: false, tokens: true } as const
  return parseArgs({ ...config, allowPositionals: true }).tokens
}

function kindOf(name: string, declared: Flags): Exclude<FlagKind, object> {
  const kind = declared.get(name)
  if (typeof kind === 'string') return kind
  if (kind !== undefined) throw new UsageError(`${name} is not allowed as a flag: ${kind.refused}`)
  const usable = [...declared].filter(([, kind]) => typeof kind === 'string').map(([known]) => known)
  const meant = nearest(name, usable)
  throw new UsageError(`unknown flag ${name}${meant ? `; did you mean ${meant}?` : ''}`)
}

function takeValue({ rawName, value, inlineValue }: OptionToken, kind: FlagKind, following: Token[]): string {
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
