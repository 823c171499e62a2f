import { Secret } from '../../kernel/secret.ts'
import { InvalidValue } from '../fault.ts'
import { parseAddress } from '../network/address.ts'
import { readList } from './read-list.ts'

/** The name of a tenant or client: a label of a host name (RFC 1123, 2.1). */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The permissions of a file, in octal digits. */
export const MODE = /^0?[0-7]{3}$/

/** Makes a reader of single values. It throws an `InvalidValue` for a list or mapping. */
export function single<T>(read: (text: string) => T): (given: unknown) => T {
  return given => {
    if (typeof given === 'string') return read(given.trim())
    throw new InvalidValue('is not a single value', 'Write one text, number or word.')
  }
}

/** Makes a reader of lists, which a flag or variable gives as one text with separators. */
export function list<T>(separator: ',' | ';', read: (text: string) => T): (given: unknown) => T[] {
  return given => {
    if (typeof given === 'string') return readList(given.split(separator), read)
    if (Array.isArray(given)) return readList(given, read)
    throw noList()
  }
}

/** Reads a command and its arguments; a flag or variable gives the list as JSON. */
export function readCommand(given: unknown): readonly string[] {
  const argv = typeof given === 'string' ? parseJson(given) : given
  if (!isListOfStrings(argv)) throw noList()
  if (argv[0]) return argv
  throw new InvalidValue('names no command', 'Write the command and its arguments: ["op", "read"].')
}

export function readAddress(text: string): string {
  parseAddress(text)
  return text
}

export function readChoice<Word extends string>(text: string, words: readonly Word[]): Word {
  const word = words.find(word => word === text)
  if (word !== undefined) return word
  throw new InvalidValue('is not one of the words known here', `Write one of ${words.join(', ')}.`)
}

export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidValue('is not a whole number', 'Write a whole number from 0.')
}

export function readHost(text: string): string {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return text.toLowerCase()
  throw new InvalidValue('is not a host name', 'Write host names without scheme, port and path.')
}

export function readLabel(text: string): string {
  if (LABEL.test(text)) return text
  throw new InvalidValue('is not the name of a tenant', LABEL_CURE)
}

export function readMode(text: string): number {
  if (MODE.test(text)) return Number.parseInt(text, 8)
  throw new InvalidValue('is not a mode', 'Write three octal digits, such as 600 or 660, in quotes.')
}

/** How to write the name of a tenant or client. */
export const LABEL_CURE = 'Write at most 63 lower-case letters, digits and hyphens, with no hyphen at either end.'

export function readSecret(text: string): Secret {
  return new Secret(readText(text))
}

export function readText(text: string): string {
  if (text !== '') return text
  throw new InvalidValue('is empty', 'Write a value, or leave the key out.')
}

export function readToggle(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new InvalidValue('is neither true nor false', 'Write true or false.')
}

function isListOfStrings(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every(item => typeof item === 'string')
}

function noList(): InvalidValue {
  return new InvalidValue('is not a list of texts', 'Write a list of texts: ["one", "two"].')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
