import { FORWARDED_METHODS, isSafe } from '../http/methods.ts'
import { nearest } from '../kernel/nearest.ts'
import { InvalidElements, InvalidPart, MalformedValue, type Reason } from './fault.ts'
import { readRulePath } from './rule-path.ts'

/** A pattern for requests: `GET /v2/alert/*`, `POST,PUT /cloud/**`, or a path alone for every method. */
export interface Rule {
  /** The rule as the user wrote it. */
  readonly text: string
  /** The methods, in upper case; null for every method. */
  readonly methods: readonly string[] | null
  /** Matches a whole path. */
  readonly path: RegExp
  /** Also matches the path with a suffix, because Spring's servers treat `/secret.json` as `/secret`. */
  readonly suffixed: RegExp
  /** For a rule that no user wrote: why it exists and which setting lifts it. */
  readonly why?: string
}

/** Which requests may be forwarded. */
export interface Policy {
  /** The name of the mapping that contains it, for messages: `policy`, `tenants.prod`, `clients.ci`. */
  readonly name: string
  readonly access: 'read-write' | 'read-only'
  /**
   * With `read-write`, a request must match one of these; if there are none, every request may pass. With `read-only`,
   * these are the writes that may pass, too.
   */
  readonly allow: readonly Rule[]
  /** A request that matches one of these is blocked, whatever `allow` says. */
  readonly deny: readonly Rule[]
}

const RULE = /^(?:([^/]*[^/\s])\s+)?(\/\S*)$/

/**
 * Reads a rule. Case, doubled slashes and a trailing slash make no difference, so that another spelling cannot get past
 * a rule that denies.
 * @throws {InvalidValue} if the text is not a rule, or could never match
 */
export function parseRule(text: string): Rule {
  const [, methods = '*', path] = RULE.exec(text) ?? []
  if (path === undefined)
    throw new MalformedValue('invalid rule', 'expected methods and a path, e.g. "POST,PUT /cloud/**", or a path alone')
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
  const cure = `expected ${FORWARDED_METHODS.join(', ')}; for all of them, write * or no method`
  throw new InvalidPart(`unknown method ${unknown.map(named).join(', ')}`, cure)
}

function named(method: string): string {
  const meant = nearest(method, FORWARDED_METHODS)
  return meant ? `${JSON.stringify(method)} (did you mean ${meant}?)` : JSON.stringify(method)
}

/**
 * Checks that with read-only access, each rule of `allow` permits writes and says which. Rules that seem to restrict
 * reading must not permit writes instead.
 * @throws {InvalidElements} for rules without methods, or with one that only reads
 */
export function checkAllow({ access, allow }: Pick<Policy, 'access' | 'allow'>): void {
  if (access === 'read-write') return
  const elements = allow.flatMap((rule, index) => {
    const reason = faultInWrite(rule)
    return reason ? [{ index, ...reason }] : []
  })
  if (elements.length > 0) throw new InvalidElements(elements)
}

function faultInWrite({ text, methods }: Rule): Reason | undefined {
  if (methods === null) {
    const problem = `"${text}" permits every write, because access is read-only`
    return { problem, cure: `name the methods, e.g. "POST ${text.replace(/^\*\s+/, '')}"` }
  }
  const harmless = methods.filter(isSafe)
  if (harmless.length === 0) return undefined
  const problem = `"${text}" has no effect on ${harmless.join(', ')}, because access is read-only`
  return { problem, cure: 'name only methods that write; to restrict reading, use access: read-write' }
}

interface PolicySettings extends Omit<Policy, 'name'> {
  readonly manageAccessKeys: boolean
}

const KEEPING_ACCESS_KEYS =
  'it may create, change or delete access keys (policy.manageAccessKeys: true allows this for all clients)'

/**
 * The rules that keep clients from managing access keys. With a key of its own, a client could do everything that the
 * key's owner can, past every policy and for as long as the key lives. `POST /user`, in any version, creates one along
 * with a service account; the API descriptions (CSPM, application security, Compute) mention no other call that does.
 * Compute users with passwords, who would need no key, do not exist in the SaaS edition.
 */
export const ACCESS_KEY_RULES = ['POST,PUT,PATCH,DELETE /**/access_keys/**', 'POST /**/user'].map(
  (text): Rule => ({ ...parseRule(text), why: KEEPING_ACCESS_KEYS }),
)

/** Returns the policy itself, or null if it restricts nothing. */
export function policyOf(policy: Policy): Policy | null {
  const { access, allow, deny } = policy
  return access === 'read-only' || allow.length > 0 || deny.length > 0 ? policy : null
}

/** Returns the policy for all clients. It blocks the management of access keys unless `manageAccessKeys` is true. */
export function policyForAll({ manageAccessKeys, ...policy }: PolicySettings): Policy | null {
  const deny = manageAccessKeys ? policy.deny : [...policy.deny, ...ACCESS_KEY_RULES]
  return policyOf({ name: 'policy', ...policy, deny })
}
