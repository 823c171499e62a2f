import { FORWARDED_METHODS } from '../http/methods.ts'
import { nearest } from '../kernel/nearest.ts'
import { InvalidPart, InvalidValue } from './fault.ts'
import { readRulePath } from './rule-path.ts'

/** Which requests are meant: `GET /v2/alert/*`, `POST,PUT /cloud/**`, or a path alone for every method. */
export interface Rule {
  /** As it was written. */
  readonly text: string
  /** In upper case; null for every method. */
  readonly methods: readonly string[] | null
  /** Matches a whole path. */
  readonly path: RegExp
  /** The same, also with a suffix: `/secret.json`, which Spring's servers take for `/secret`. */
  readonly suffixed: RegExp
  /** Why there is such a rule, and what lifts it, where nobody wrote it. */
  readonly why?: string
}

/** What may be asked of the API. */
export interface Policy {
  /** Where it stands, for people: `policy`, `tenants.prod`, `clients.ci`. */
  readonly name: string
  readonly access: 'read-write' | 'read-only'
  /** Where there are any, one must match. */
  readonly allow: readonly Rule[]
  /** None may match, whatever `allow` says. */
  readonly deny: readonly Rule[]
}

const RULE = /^(?:([^/]*[^/\s])\s+)?(\/\S*)$/

/**
 * Reads a rule. Case is not told apart, nor doubled slashes and one at the end: a rule that denies must not be passed by
 * another spelling.
 * @throws {InvalidValue} also for one that could never match
 */
export function parseRule(text: string): Rule {
  const [, methods = '*', path] = RULE.exec(text) ?? []
  if (path === undefined)
    throw new InvalidValue('is not a rule', 'Write methods and a path, "POST,PUT /cloud/**", or a path alone.')
  const source = readRulePath(path)
  return {
    text,
    methods: readMethods(methods),
    path: new RegExp(`^${source}/?$`, 'is'),
    suffixed: new RegExp(`^${source}(/?[\\s+]*\\.[^/]*)?/?$`, 'is'),
  }
}

function readMethods(text: string): readonly string[] | null {
  if (text === '*') return null
  const methods = text.split(',').map(method => method.trim())
  const unknown = methods.filter(method => !FORWARDED_METHODS.includes(method.toUpperCase()))
  if (unknown.length === 0) return methods.map(method => method.toUpperCase())
  const cure = `Those that are forwarded are ${FORWARDED_METHODS.join(', ')}; * or none stands for all.`
  throw new InvalidPart(`unknown method ${unknown.map(named).join(', ')}`, cure)
}

function named(method: string): string {
  const meant = nearest(method, FORWARDED_METHODS)
  return meant ? `${JSON.stringify(method)} (did you mean ${meant}?)` : JSON.stringify(method)
}

interface PolicySettings extends Omit<Policy, 'name'> {
  readonly manageAccessKeys: boolean
}

const KEEPING_ACCESS_KEYS =
  'it may make, change or delete access keys (policy.manageAccessKeys: true lets every client do so)'

/**
 * Whoever has an access key can do what its owner can, past every policy and for as long as it lives. `POST /user`, of any
 * version, makes one along with a service account; nothing else in the API's descriptions (CSPM, application security,
 * Compute) is said to. Users of Compute with passwords, who would need none, are not of its SaaS edition.
 */
export const ACCESS_KEY_RULES = ['POST,PUT,PATCH,DELETE /**/access_keys/**', 'POST /**/user'].map(
  (text): Rule => ({ ...parseRule(text), why: KEEPING_ACCESS_KEYS }),
)

/** A policy; null where it restricts nothing. */
export function policyOf(policy: Policy): Policy | null {
  const { access, allow, deny } = policy
  return access === 'read-only' || allow.length > 0 || deny.length > 0 ? policy : null
}

/** The policy for everybody, which denies access keys to be managed unless that is switched on. */
export function policyForAll({ manageAccessKeys, ...policy }: PolicySettings): Policy | null {
  const deny = manageAccessKeys ? policy.deny : [...policy.deny, ...ACCESS_KEY_RULES]
  return policyOf({ name: 'policy', ...policy, deny })
}
