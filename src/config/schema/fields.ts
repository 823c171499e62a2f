import type { Secret } from '../../kernel/secret.ts'
import { type CacheRule, parseCacheRule } from '../cache-rule.ts'
import { readProxyUrl } from '../network/proxy-url.ts'
import { type RedisUrl, readRedisUrl } from '../network/redis-url.ts'
import { parseRule, type Rule } from '../policy.ts'
import * as read from './readers.ts'
import { DURATION, parseDuration, parseSize, SIZE } from './units.ts'

/**
 * The kind of value that a field holds. It decides the placeholder in `--help` and whether a fault may show the value.
 */
export type Kind =
  | 'address'
  | 'argv'
  | 'cacheRules'
  | 'choice'
  | 'count'
  | 'duration'
  | 'file'
  | 'hosts'
  | 'label'
  | 'mode'
  | 'proxyUrl'
  | 'redisUrl'
  | 'rules'
  | 'secret'
  | 'size'
  | 'text'
  | 'toggle'

/** One key of the schema, with its documentation and its reader; `T` is the type of the value. */
export interface Field<T = unknown> extends Keywords {
  readonly kind: Kind
  /**
   * Reads a value as a source gave it: a string, a list of strings, or (from a file) anything else.
   * @throws {InvalidValue} for a value that the field does not accept
   * @throws {InvalidElements} for a list with such values
   */
  readonly read: (given: unknown) => T
}

/** The part of a field that is also its JSON schema. */
export interface Keywords {
  readonly type: 'string' | 'boolean' | 'integer' | readonly ['string' | 'array', 'null'] | 'array'
  readonly description: string
  /** The default value, as a user would write it. */
  readonly default: string | number | boolean | null | readonly string[]
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly pattern?: string
  readonly items?: { readonly type: 'string' }
}

/** The value of a field that no source sets. */
export function defaultOf(field: Field): unknown {
  return typeof field.default === 'string' ? field.read(field.default) : field.default
}

const STRING_OR_NULL = { type: ['string', 'null'], default: null } as const
const LIST = { type: 'array', items: { type: 'string' }, default: [] } as const

/** An address to listen on, kept as text: `host:port`, `[::1]:port` or `unix:/path`. */
export function address(value: string, description: string): Field<string> {
  return { kind: 'address', type: 'string', default: value, description, read: read.single(read.readAddress) }
}

/** An address to listen on in addition, kept as text; null if there is none. */
export function furtherAddress(description: string): Field<string | null> {
  return { kind: 'address', ...STRING_OR_NULL, description, read: read.single(read.readAddress) }
}

/** A command and its arguments. */
export function argv(description: string): Field<readonly string[] | null> {
  const keywords = { type: ['array', 'null'], items: { type: 'string' }, default: null } as const
  return { kind: 'argv', ...keywords, description, read: read.readCommand }
}

/** Rules for caching responses, separated by semicolons. */
export function cacheRules(description: string): Field<readonly CacheRule[]> {
  return { kind: 'cacheRules', ...LIST, description, read: read.list(';', parseCacheRule, '["/v2/policy/** 60s"]') }
}

/** One of several words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  value: Word,
  description: string,
): Field<Word> {
  const reader = read.single(text => read.readChoice(text, words))
  return { kind: 'choice', type: 'string', enum: words, default: value, description, read: reader }
}

/** A whole number, 0 or more. */
export function count(value: number, description: string): Field<number> {
  return { kind: 'count', type: 'integer', minimum: 0, default: value, description, read: read.single(read.readCount) }
}

/** A duration, converted to milliseconds when read. */
export function duration(value: string, description: string): Field<number> {
  const keywords = { type: 'string', pattern: DURATION.source, default: value } as const
  return { kind: 'duration', ...keywords, description, read: read.single(parseDuration) }
}

/** The path of a file. */
export function file(description: string): Field<string | null> {
  return { kind: 'file', ...STRING_OR_NULL, description, read: read.single(read.readText) }
}

/** Host names, separated by commas. */
export function hosts(description: string): Field<readonly string[]> {
  return { kind: 'hosts', ...LIST, description, read: read.list(',', read.readHost, '["proxy.example"]') }
}

/** A name of something: of a tenant, or of a fleet. */
export function label(of: 'tenant' | 'fleet', value: string, description: string): Field<string> {
  const keywords = { type: 'string', pattern: read.LABEL.source, default: value } as const
  return { kind: 'label', ...keywords, description, read: read.single(text => read.readLabel(text, of)) }
}

/** The permissions of a file in octal digits, converted to a number when read. */
export function mode(value: string, description: string): Field<number> {
  const keywords = { type: 'string', pattern: read.MODE.source, default: value } as const
  return { kind: 'mode', ...keywords, description, read: read.single(read.readMode) }
}

/** The address of an outbound proxy, converted to a URL in canonical form when read. */
export function proxyUrl(description: string): Field<string | null> {
  return { kind: 'proxyUrl', ...STRING_OR_NULL, description, read: read.single(readProxyUrl) }
}

/** The address of a Redis, parsed when read. */
export function redisUrl(description: string): Field<RedisUrl | null> {
  return { kind: 'redisUrl', ...STRING_OR_NULL, description, read: read.single(readRedisUrl) }
}

/** Rules of a policy, separated by semicolons. */
export function rules(description: string): Field<readonly Rule[]> {
  return { kind: 'rules', ...LIST, description, read: read.list(';', parseRule, '["GET /v2/**"]') }
}

/** A value that must never be shown. */
export function secret(description: string): Field<Secret | null> {
  return { kind: 'secret', ...STRING_OR_NULL, description, read: read.single(read.readSecret) }
}

/** A size, converted to bytes when read. */
export function size(value: string, description: string): Field<number> {
  const keywords = { type: 'string', pattern: SIZE.source, default: value } as const
  return { kind: 'size', ...keywords, description, read: read.single(parseSize) }
}

/** Any text but an empty one. */
export function text(description: string): Field<string | null> {
  return { kind: 'text', ...STRING_OR_NULL, description, read: read.single(read.readText) }
}

/** Either true or false. */
export function toggle(value: boolean, description: string): Field<boolean> {
  return { kind: 'toggle', type: 'boolean', default: value, description, read: read.single(read.readToggle) }
}
