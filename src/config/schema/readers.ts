import { Secret } from '../../kernel/secret.ts'
import { InvalidPart, type InvalidValue, MalformedValue } from '../fault.ts'
import { parseAddress } from '../network/address.ts'
import { readList } from './read-list.ts'

/** The name of a tenant, client or fleet: a label of a host name (RFC 1123, 2.1). */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The cure of a fault in the name of a tenant, client or fleet: the form that the name must have. */
export const LABEL_CURE =
  'expected lower-case letters, digits and hyphens, at most 63, with no hyphen at the start or end'

/** The permissions of a file, in octal digits. */
export const MODE = /^0?[0-7]{3}$/

/** Makes a reader of single values. The reader throws an `InvalidValue` for a list or mapping. */
export function single<T>(read: (text: string) => T): (given: unknown) => T {
  return given => {
    if (typeof given === 'string') return read(given.trim())
    throw new MalformedValue('invalid value', 'expected a single value, not a list or mapping')
  }
}

/**
 * Makes a reader of lists. Flags and variables contain a list as one text with separators, files contain it as a list.
 * The reader throws an `InvalidValue`, which shows `example`, for anything else, and `InvalidElements` for elements
 * that are not valid.
 */
export function list<T>(
  separator: ',' | ';',
  read: (text: string) => T,
  example: string,
): (given: unknown) => readonly T[] {
  return given => {
    if (typeof given === 'string') return readList(given.split(separator), read)
    if (Array.isArray(given)) return readList(given, read)
    throw noList(example)
  }
}

const COMMAND = '["op", "read", "op://…"]'

/** Reads a command and its arguments. Flags and variables contain the list as JSON. Throws an `InvalidValue`. */
export function readCommand(given: unknown): readonly string[] {
  const argv = typeof given === 'string' ? parseJson(given) : given
  if (!isListOfStrings(argv)) throw noList(COMMAND)
  if (argv[0]) return argv
  throw new InvalidPart('the command is empty', `expected a program and its arguments, e.g. ${COMMAND}`)
}

function noList(example: string): InvalidValue {
  return new MalformedValue('invalid value', `expected a list of strings, e.g. ${example}`)
}

function isListOfStrings(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every(item => typeof item === 'string')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Checks an address to listen on and returns it unchanged. Throws an `InvalidValue`. */
export function readAddress(text: string): string {
  parseAddress(text)
  return text
}

/** Reads one of several words. Throws an `InvalidValue` for any other. */
export function readChoice<Word extends string>(text: string, words: readonly Word[]): Word {
  const word = words.find(word => word === text)
  if (word !== undefined) return word
  throw new MalformedValue('invalid value', `expected one of: ${words.join(', ')}`)
}

/** Reads a whole number of at most nine digits. Throws an `InvalidValue`. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new MalformedValue('invalid number', 'expected a whole number from 0 to 999999999')
}

/** Reads a host name, or an IPv6 address in brackets, and returns it in lower case. Throws an `InvalidValue`. */
export function readHost(text: string): string {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return text.toLowerCase()
  throw new MalformedValue('invalid host name', 'expected a host name without scheme, port or path')
}

/** Reads the name of a tenant or fleet. Throws an `InvalidValue`. */
export function readLabel(text: string, of: string): string {
  if (LABEL.test(text)) return text
  throw new MalformedValue(`invalid ${of} name`, LABEL_CURE)
}

/** Reads the permissions of a file as a number. Throws an `InvalidValue`. */
export function readMode(text: string): number {
  if (MODE.test(text)) return Number.parseInt(text, 8)
  throw new MalformedValue('invalid mode', 'expected three octal digits, e.g. "600" or "660"')
}

/** Reads a text that must not be shown. Throws an `InvalidValue` for an empty one. */
export function readSecret(text: string): Secret {
  return new Secret(readText(text))
}

/** Reads any text. Throws an `InvalidValue` for an empty one. */
export function readText(text: string): string {
  if (text !== '') return text
  throw new InvalidPart('the value is empty', 'set a value, or leave the key out')
}

/** Reads `true` or `false`. Throws an `InvalidValue` for anything else. */
export function readToggle(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new MalformedValue('invalid value', 'expected true or false')
}
