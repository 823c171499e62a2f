import { InvalidPart, quote } from './fault.ts'

/** With more, a long path could take seconds to match. */
const MOST_GLOBS = 2

/** What has no meaning in the path of a rule, though it may look as if it had one: what is wrong, and what to write. */
const MISTAKES: readonly (readonly [RegExp, problem: string, cure: string])[] = [
  [/\?/, 'has a query, at which no rule looks', 'End it before the "?".'],
  [/#/, 'has a fragment, which no request has', 'End it before the "#".'],
  [/%/, 'is percent-encoded, but paths are decoded before rules look at them', 'Write the character itself, or *.'],
  [/[{}<>[\]]|\/:/, 'has a placeholder', 'Write * for what varies.'],
  [/[^!$'-:=@-Z_a-z~\u{a1}-\u{10ffff}]/u, 'has a character that a rule cannot have', 'Write * for it.'],
  [/\/\.\.?(\/|$)/, 'has a dot segment, with which nothing is forwarded', 'Write the path that is meant.'],
  [/\/\.\*+(\/|$)/, 'has .*, as regular expressions do', 'Write * within a segment, and ** for any segments.'],
  [
    /^\/+_tenant(\/|$)/i,
    'begins with /_tenant, which is taken off before rules look at a path',
    'Put the rule without it below tenants.<name>.',
  ],
  [
    /^\/+_proxy(?!\/+(quit|\*\*?)\/*$)(\/|$)/i,
    "is one of the proxy's own, of which rules apply to /_proxy/quit alone",
    'Leave it out.',
  ],
  [
    /^\/+(login|auth_token\/+extend|_compute\/+api\/+[^/]*\/+authenticate([/-].*)?)\/*$/i,
    'is that of a call which the proxy answers itself, so that no rule applies to it',
    'Leave it out.',
  ],
]

/**
 * Reads the path of a rule, in which `*` stands for anything within a segment and `**` for any segments, or none. Gives the
 * source of a pattern that matches a whole path.
 * @throws {InvalidPart} for one that would match nothing, or something else than it seems to
 */
export function readRulePath(path: string): string {
  for (const [mistake, problem, cure] of MISTAKES) {
    if (mistake.test(path)) throw new InvalidPart(`${quote(path)} ${problem}`, cure)
  }
  const segments = path.normalize('NFKC').split('/')
  const isBounded = segments.filter(segment => segment === '**').length <= MOST_GLOBS
  if (!isBounded || segments.some(segment => segment !== '**' && segment.split('*').length > 2))
    throw new InvalidPart(`${quote(path)} has too many *`, 'Write at most two ** and one * in a segment.')
  return segments
    .filter(segment => segment !== '')
    .map(segment => (segment === '**' ? '(/[^/]*)*' : `/${segment.split('*').map(escaped).join('[^/]*')}`))
    .join('')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
