import { InvalidValue } from './fault.ts'

/** Which requests are meant: `GET /v2/alert/*`, `POST,PUT /cloud/**`, or a path alone for every method. */
export interface Rule {
  /** As it was written. */
  readonly text: string
  /** In upper case; null for every method. */
  readonly methods: readonly string[] | null
  /** Matches a whole path. */
  readonly path: RegExp
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

const RULE = /^(?:(\*|[A-Za-z]+(?:,[A-Za-z]+)*)\s+)?(\/\S*)$/

/** With more, a long path could take seconds to match. */
const MOST_GLOBS = 2

/** Reads a rule, in whose path `*` stands for anything within a segment and `**` for any segments, or none. */
export function parseRule(text: string): Rule {
  const [, methods = '*', path] = RULE.exec(text) ?? []
  if (path === undefined || !isBounded(path.split('/'))) {
    const cure =
      'Write methods and a path: "POST,PUT /cloud/**", or a path alone, with at most two ** and one * in a segment.'
    throw new InvalidValue('holds what is not a rule', cure)
  }
  return { text, methods: methods === '*' ? null : methods.toUpperCase().split(','), path: patternOf(path) }
}

function isBounded(segments: readonly string[]): boolean {
  const globs = segments.filter(segment => segment === '**')
  return globs.length <= MOST_GLOBS && segments.every(segment => segment === '**' || segment.split('*').length <= 2)
}

/**
 * Case is not told apart, nor doubled slashes and one at the end: a rule that denies must not be passed by another
 * spelling.
 */
function patternOf(path: string): RegExp {
  const source = path
    .split('/')
    .filter(segment => segment !== '')
    .map(segment => (segment === '**' ? '(/[^/]*)*' : `/${segment.split('*').map(escaped).join('[^/]*')}`))
  return new RegExp(`^${source.join('')}/?$`, 'is')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

interface PolicySettings extends Omit<Policy, 'name'> {
  readonly manageAccessKeys: boolean
}

/** Whoever has an access key can do what its owner can, past every policy and for as long as it lives. */
const MANAGING_ACCESS_KEYS = parseRule('POST,PUT,PATCH,DELETE /access_keys/**')

/** A policy; null where it restricts nothing. */
export function policyOf(policy: Policy): Policy | null {
  const { access, allow, deny } = policy
  return access === 'read-only' || allow.length > 0 || deny.length > 0 ? policy : null
}

/** The policy for everybody, which denies access keys to be managed unless that is switched on. */
export function policyForAll({ manageAccessKeys, ...policy }: PolicySettings): Policy | null {
  const deny = manageAccessKeys ? policy.deny : [...policy.deny, MANAGING_ACCESS_KEYS]
  return policyOf({ name: 'policy', ...policy, deny })
}
