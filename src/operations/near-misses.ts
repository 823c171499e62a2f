import leven from 'leven'
import { FORWARDED_METHODS, isSafe } from '../http/methods.ts'
import type { Branch, Effect } from './operation.ts'
import { describedMethod, literalOf, type OperationTree, VERSION } from './operation-tree.ts'

const MAX_SUGGESTIONS = 3

/** The most edits to a path after which it may match the template that was meant. */
const MAX_EDITS = 3

/** What another method than the request's counts for, in edits. */
const OTHER_METHOD = 1.5

/** What it counts for if the template is the path of the request, letter by letter: nothing else is as certain. */
const OTHER_METHOD_ONLY = 0.5

/** How much farther away than the nearest suggestion others may be, in edits. */
const MARGIN = 0.5

/** Templates have far fewer segments; a path with more is near none. */
const MAX_SEGMENTS = 16

/** The most places in the tree that are visited for one path. Real paths need at most about 60. */
const MAX_PLACES = 150

/** Segments that choose an API or a version. They are easily forgotten, or put where they do not belong. */
const FORGETTABLE = new RegExp(`^(?:_compute|code|bridgecrew|api)$|${VERSION.source}`)

/** A branch of the tree to which a path leads. */
interface Place {
  readonly branch: Branch
  /** How many segments of the path lead there. */
  readonly at: number
  /** After how many edits to them. */
  readonly edits: number
}

interface Suggestion {
  readonly method: string
  readonly template: string
  readonly effect: Effect
  /** Whether the template is the path of the request, letter by letter. */
  readonly isExact: boolean
  /** How far it is from the request, in edits. */
  readonly distance: number
}

/**
 * Returns the operations that a request was probably meant for, the likeliest first, such as `POST /search/config`: at
 * most three, and none if nothing is near or the request itself is an operation. `path` is decoded and in lower case.
 *
 * Each of these is one edit: a wrong letter; a segment that is joined to the next one, or split in two; a version, or a
 * prefix such as `/_compute` and `/code`, that is missing or does not belong there. The work is bounded for any path.
 */
export function nearMisses(tree: OperationTree, method: string, path: string): string[] {
  if (tree.find(method, path)) return []
  const segments = path.split('/', MAX_SEGMENTS + 2).slice(1)
  if (segments.length > MAX_SEGMENTS) return []
  const described = describedMethod(method)
  const near = [...endsNear(tree.root, segments)].flatMap(end => suggestionsAt(end, described))
  const found = isSafe(method) ? suggestionsForReading(near) : near
  const nearest = Math.min(...found.map(({ distance }) => distance))
  const extra = ({ template }: Suggestion) => Math.abs(template.split('/').length - 1 - segments.length)
  // of those that are equally near, GET comes first and DELETE last
  const rank = ({ method }: Suggestion) => FORWARDED_METHODS.indexOf(method)
  return found
    .filter(({ distance }) => distance <= nearest + MARGIN)
    .sort((one, other) => one.distance - other.distance || extra(one) - extra(other) || rank(one) - rank(other))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ method, template }) => `${method} ${template}`)
}

/**
 * Leaves out writes, which a client that reads has hardly meant, if anything else is near. What has the path of the
 * request, letter by letter, stays.
 */
function suggestionsForReading(suggestions: readonly Suggestion[]): readonly Suggestion[] {
  const fitting = suggestions.filter(({ effect, isExact }) => isExact || effect === 'read')
  return fitting.length > 0 ? fitting : suggestions
}

/** Returns the operation with this method whose template ends at a place; if there is none, those with other methods. */
function suggestionsAt({ branch: { operations = [] }, edits }: Place, described: string): Suggestion[] {
  const own = operations.filter(({ method }) => method === described)
  return (own.length > 0 ? own : operations).map(({ method, template, effect }) => {
    // a variable matches anything, so it shows nothing about what was meant
    const byPath = edits + template.split('/{').length - 1
    const isExact = byPath === 0
    const byMethod = method === described ? 0 : isExact ? OTHER_METHOD_ONLY : OTHER_METHOD
    return { method, template, effect, isExact, distance: byPath + byMethod }
  })
}

/** Yields the branches to which the whole path leads, each once, with the fewest edits, and the nearest first. */
function* endsNear(root: Branch, segments: readonly string[]): Generator<Place> {
  const byEdits: Place[][] = Array.from({ length: MAX_EDITS + 1 }, () => [])
  const visited: Set<Branch>[] = []
  byEdits[0]?.push({ branch: root, at: 0, edits: 0 })
  let left = MAX_PLACES
  // iterating over an array also visits what is added meanwhile
  for (const places of byEdits) {
    for (const place of places) {
      const { branch, at } = place
      visited[at] ??= new Set()
      if (visited[at].has(branch)) continue
      visited[at].add(branch)
      if (left-- === 0) return
      if (at === segments.length) yield place
      for (const next of placesFrom(place, segments[at], segments[at + 1])) byEdits[next.edits]?.push(next)
    }
  }
}

/**
 * Yields the places to which the next segments of the path lead, as they are and after edits. Behind the end of the path,
 * the segments are empty.
 */
function* placesFrom({ branch, at, edits }: Place, segment = '', next = ''): Generator<Place> {
  const { literals = {}, version, variable } = branch
  const literal = literalOf(branch, segment)
  if (literal) yield { branch: literal, at: at + 1, edits }
  if (version && VERSION.test(segment)) yield { branch: version, at: at + 1, edits }
  if (variable) yield { branch: variable, at: at + 1, edits }
  if (edits === MAX_EDITS) return
  const edited = edits + 1
  if (FORGETTABLE.test(segment)) yield { branch, at: at + 1, edits: edited }
  if (version) {
    yield { branch: version, at, edits: edited }
    yield { branch: version, at: at + 1, edits: edited }
  }
  const joined = `${segment}/${next}`
  for (const [name, literal] of Object.entries(literals)) {
    if (FORGETTABLE.test(name)) yield { branch: literal, at, edits: edited }
    const wrong = wrongLetters(name, segment, MAX_EDITS - edits)
    if (wrong) yield { branch: literal, at: at + 1, edits: edits + wrong }
    if (wrongLetters(name, joined, 1)) yield { branch: literal, at: at + 2, edits: edited }
    const second = segment.startsWith(name) && literalOf(literal, segment.slice(name.length).replace(/^[._-]/, ''))
    if (second) yield { branch: second, at: at + 1, edits: edited }
  }
}

/**
 * Counts the wrong letters in the spelling of a name; `undefined` if there are more than `most`, or so many that another
 * word is meant. More than one is only believed if the first letter is right.
 */
function wrongLetters(name: string, spelling: string, most: number): number | undefined {
  const longer = Math.max(name.length, spelling.length)
  const allowed = Math.min(most, name[0] === spelling[0] ? Math.floor((longer + 1) / 3) : 1)
  if (Math.abs(name.length - spelling.length) > allowed) return undefined
  const wrong = leven(name, spelling, { maxDistance: allowed + 1 })
  return wrong > allowed ? undefined : wrong
}
