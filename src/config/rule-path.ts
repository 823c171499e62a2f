import { describe, InvalidPart, quote } from './fault.ts'

/** The maximum number of `**` in a path. With more of them, matching a long path could take seconds. */
const MOST_GLOBS = 2

/** Patterns that look meaningful in the path of a rule but never have an effect there. */
const MISTAKES: readonly (readonly [RegExp, problem: string, cure: string])[] = [
  [/\?/, 'has a query, but rules match only the path', 'remove everything from the "?" on'],
  [/#/, 'has a fragment, which no request has', 'remove everything from the "#" on'],
  [/%/, 'is percent-encoded, but rules match decoded paths', 'write the character itself, or *'],
  [/[{}<>[\]]|\/:/, 'has a placeholder', 'write * for the part that varies'],
  [/[^!$'-:=@-Z_a-z~\u{a1}-\u{10ffff}]/u, 'has a character that rules cannot contain', 'write * in its place'],
  [/\/\.\.?(\/|$)/, 'has a dot segment, which no forwarded request has', 'write the path that it leads to'],
  [/\/\.\*+(\/|$)/, 'has .*, as in a regular expression', 'write * within a segment, or ** for any number of segments'],
  [
    /^\/+_tenant(\/|$)/i,
    'starts with /_tenant, which is removed before rules are matched',
    'write the rule without it, under tenants.<name>',
  ],
  [
    /^\/+_proxy(?!\/+(quit|\*\*?)\/*$)(\/|$)/i,
    "is one of the proxy's own paths, and rules apply only to /_proxy/quit",
    'remove the rule',
  ],
  [
    /^\/+(login|auth_token\/+extend|_compute\/+api\/+[^/]*\/+authenticate([/-].*)?)\/*$/i,
    'is a call that the proxy answers itself, so no rule applies to it',
    'remove the rule',
  ],
]

/**
 * Reads the path of a rule, in which `*` matches anything within a segment and `**` any number of segments. Returns the
 * source of a regular expression for a whole path.
 * @throws {InvalidPart} for a path that matches nothing, or not what it seems to match
 */
export function readRulePath(path: string): string {
  for (const [mistake, problem, cure] of MISTAKES) {
    if (mistake.test(path)) throw invalid(path, problem, cure)
  }
  const segments = path.normalize('NFKC').split('/')
  const isBounded = segments.filter(segment => segment === '**').length <= MOST_GLOBS
  if (!isBounded || segments.some(segment => segment !== '**' && segment.split('*').length > 2))
    throw invalid(path, 'has too many *', `write at most ${MOST_GLOBS} ** in a path and one * in a segment`)
  return segments
    .filter(segment => segment !== '')
    .map(segment => (segment === '**' ? '(/[^/]*)*' : `/${segment.split('*').map(escaped).join('[^/]*')}`))
    .join('')
}

function invalid(path: string, problem: string, cure: string): InvalidPart {
  return new InvalidPart(describe({ problem, cure }, quote(path)), cure)
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
