import { Secret } from '../../kernel/secret.ts'
import { InvalidValue } from '../fault.ts'
import { parseAddress } from '../network/address.ts'
import { readProxyUrl } from '../network/proxy-url.ts'
import { parseRule } from '../policy.ts'
import { type CacheRule, type Kind, LABEL, type Leaf, MODE } from './fields.ts'
import { readElements } from './read-list.ts'
import { parseDuration, parseSize } from './units.ts'

/**
 * The value of a leaf from what was given for it: a text, a list of texts, or (from a file) anything else, which no leaf
 * takes. Throws an `InvalidValue`.
 */
export function readValue(leaf: Leaf, given: unknown): unknown {
  if (typeof given === 'string') return readers[leaf.kind](given.trim(), leaf)
  if (leaf.items === undefined) throw new InvalidValue('is not a single value', 'Write one text, number or word.')
  if (leaf.kind === 'argv') return readCommand(texts(given))
  const read = leaf.kind === 'hosts' ? readHost : leaf.kind === 'cacheRules' ? readCacheRule : parseRule
  return readElements<unknown>(listed(given), read)
}

/** The value of a leaf that nothing was given for. */
export function defaultValue(leaf: Leaf): unknown {
  return typeof leaf.default === 'string' ? readValue(leaf, leaf.default) : leaf.default
}

const readers: Readonly<Record<Kind, (text: string, leaf: Leaf) => unknown>> = {
  address: readAddress,
  argv: text => readCommand(texts(parseJson(text))),
  cacheRules: text => readElements(text.split(';'), readCacheRule),
  choice: readChoice,
  count: readCount,
  duration: parseDuration,
  file: readText,
  hosts: text => readElements(text.split(','), readHost),
  label: readLabel,
  mode: readMode,
  proxyUrl: readProxyUrl,
  rules: text => readElements(text.split(';'), parseRule),
  secret: text => new Secret(readText(text)),
  size: parseSize,
  text: readText,
  toggle: readToggle,
}

function readAddress(text: string): string {
  parseAddress(text)
  return text
}

/** A path as in the rules of a policy, and a duration. */
function readCacheRule(text: string): CacheRule {
  const [, method, path, duration] = /^(?:([^/]*[^/\s])\s+)?(\/\S*)\s+(\S+)$/.exec(text) ?? []
  if (path === undefined || duration === undefined)
    throw new InvalidValue('is not a rule', 'Write a path and a duration: "/v2/policy/** 60s".')
  if (method !== undefined)
    throw new InvalidValue('names a method', 'Leave it out: it is answers to GET that are kept.')
  return { path: parseRule(path).path, keepFor: parseDuration(duration) }
}

function readChoice(text: string, leaf: Leaf): string {
  if (leaf.enum?.includes(text)) return text
  throw new InvalidValue('is not one of the words known here', `Write one of ${leaf.enum?.join(', ')}.`)
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidValue('is not a whole number', 'Write a whole number from 0.')
}

function readHost(text: string): string {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(text)) return text.toLowerCase()
  throw new InvalidValue('is not a host name', 'Write host names without scheme, port and path.')
}

function readLabel(text: string): string {
  if (LABEL.test(text)) return text
  throw new InvalidValue('is not the name of a tenant', LABEL_CURE)
}

function readMode(text: string): number {
  if (MODE.test(text)) return Number.parseInt(text, 8)
  throw new InvalidValue('is not a mode', 'Write three octal digits, such as 600 or 660, in quotes.')
}

/** How to write the name of a tenant or client. */
export const LABEL_CURE = 'Write at most 63 lower-case letters, digits and hyphens, with no hyphen at either end.'

function readText(text: string): string {
  if (text !== '') return text
  throw new InvalidValue('is empty', 'Write a value, or leave the key out.')
}

function readToggle(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new InvalidValue('is neither true nor false', 'Write true or false.')
}

function texts(given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every(item => typeof item === 'string')) return given
  throw noList()
}

function listed(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given
  throw noList()
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

function readCommand(argv: readonly string[]): readonly string[] {
  if (argv[0]) return argv
  throw new InvalidValue('names no command', 'Write the command and its arguments: ["op", "read"].')
}
