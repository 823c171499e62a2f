import * as Type from 'typebox'
import type { Secret } from '../../kernel/secret.ts'
import type { Rule } from '../policy.ts'

/** How a leaf's text is read and checked. */
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
  | 'rules'
  | 'secret'
  | 'size'
  | 'text'
  | 'toggle'

/** The keywords of a leaf. All but `kind` are JSON schema's own. */
export interface Keywords {
  readonly kind: Kind
  readonly type: 'string' | 'boolean' | 'integer' | readonly ['string' | 'array', 'null'] | 'array'
  readonly description: string
  /** As a user would write it. */
  readonly default: string | number | boolean | null | readonly string[]
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly pattern?: string
  readonly items?: { readonly type: 'string' }
}

/** One key of the schema; `T` is what its value is once read. */
export type Leaf<T = unknown> = Type.TUnsafe<T> & Keywords

/** What a duration looks like. */
export const DURATION = /^(\d+)(ms|s|m|h)$/

/** What a size looks like. */
export const SIZE = /^(\d+)(B|KiB|MiB)$/

/** What the permissions of a file look like. */
export const MODE = /^0?[0-7]{3}$/

/** What a tenant's or client's name looks like: a label of a host name (RFC 1123, 2.1). */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

function leaf<T>(keywords: Keywords): Leaf<T> {
  return Object.assign(Type.Unsafe<T>({}), keywords)
}

/** `host:port`, `[::1]:port` or `unix:/path`, kept as text. */
export function address(value: string, description: string): Leaf<string> {
  return leaf({ kind: 'address', type: 'string', default: value, description })
}

/** A command and its arguments. */
export function argv(description: string): Leaf<string[] | null> {
  return leaf({ kind: 'argv', type: ['array', 'null'], items: { type: 'string' }, default: null, description })
}

/** Which answers are kept, and for how long. */
export interface CacheRule {
  /** Matches a whole path. */
  readonly path: RegExp
  /** Milliseconds. */
  readonly keepFor: number
}

/** Rules of what is kept. */
export function cacheRules(description: string): Leaf<CacheRule[]> {
  return leaf({ kind: 'cacheRules', type: 'array', items: { type: 'string' }, default: [], description })
}

/** One word of several. */
export function choice<const Word extends string>(words: readonly Word[], value: Word, description: string) {
  return leaf<Word>({ kind: 'choice', type: 'string', enum: words, default: value, description })
}

/** A whole number from zero. */
export function count(value: number, description: string): Leaf<number> {
  return leaf({ kind: 'count', type: 'integer', minimum: 0, default: value, description })
}

/** A duration, read to milliseconds. */
export function duration(value: string, description: string): Leaf<number> {
  return leaf({ kind: 'duration', type: 'string', pattern: DURATION.source, default: value, description })
}

/** A path of a file. */
export function file(description: string): Leaf<string | null> {
  return leaf({ kind: 'file', type: ['string', 'null'], default: null, description })
}

/** Host names. */
export function hosts(description: string): Leaf<string[]> {
  return leaf({ kind: 'hosts', type: 'array', items: { type: 'string' }, default: [], description })
}

/** The name of a tenant. */
export function label(value: string, description: string): Leaf<string> {
  return leaf({ kind: 'label', type: 'string', pattern: LABEL.source, default: value, description })
}

/** Permissions of a file, in octal digits. */
export function mode(value: string, description: string): Leaf<number> {
  return leaf({ kind: 'mode', type: 'string', pattern: MODE.source, default: value, description })
}

/** Where an outbound proxy is, kept as a URL. */
export function proxyUrl(description: string): Leaf<string | null> {
  return leaf({ kind: 'proxyUrl', type: ['string', 'null'], default: null, description })
}

/** Rules of a policy. */
export function rules(description: string): Leaf<Rule[]> {
  return leaf({ kind: 'rules', type: 'array', items: { type: 'string' }, default: [], description })
}

/** A key that must not be shown. */
export function secret(description: string): Leaf<Secret | null> {
  return leaf({ kind: 'secret', type: ['string', 'null'], default: null, description })
}

/** A size, read to bytes. */
export function size(value: string, description: string): Leaf<number> {
  return leaf({ kind: 'size', type: 'string', pattern: SIZE.source, default: value, description })
}

/** Any text. */
export function text(description: string): Leaf<string | null> {
  return leaf({ kind: 'text', type: ['string', 'null'], default: null, description })
}

/** True or false. */
export function toggle(value: boolean, description: string): Leaf<boolean> {
  return leaf({ kind: 'toggle', type: 'boolean', default: value, description })
}
