import { isMap, LineCounter, type ParsedNode, parseDocument, type YAMLError } from 'yaml'
import { type Fault, showKey } from '../fault.ts'

/**
 * The maximum number of aliases: more than any configuration needs, but too few for a small file to exhaust the memory
 * when they are expanded.
 */
const MAX_ALIASES = 100

/** The content of a YAML text. */
export interface Yaml {
  /** The parsed content, made of strings, nulls, lists and mappings. */
  readonly root: unknown
  /**
   * Returns the line, from 1, of the key at a path. For a key from an alias, returns the line of its closest parent in
   * the text.
   */
  lineOf(path: readonly string[]): number
}

/** A problem with a YAML text. */
export interface YamlProblem extends Omit<Fault, 'origin'> {
  /** The line number, from 1. */
  readonly line: number
}

/**
 * Parses YAML 1.2, which includes JSON. Every scalar except null is read as a string, because the schema decides what
 * it means. Problems name a line but quote nothing, because the text may be a secret.
 */
export function parseYaml(text: string): Yaml | readonly YamlProblem[] {
  const lineCounter = new LineCounter()
  const options = { schema: 'failsafe', prettyErrors: false, logLevel: 'error', lineCounter } as const
  // merge keys (<<) are part of YAML 1.1 only, but people use them to share settings between tenants
  const document = parseDocument(text, { ...options, merge: true, customTags: ['null'] })
  if (document.errors.length > 0) return problemsOf(text, document.errors, lineCounter)

  const offsetOf = (node: ParsedNode | null, [name, ...rest]: readonly string[], above = 0): number => {
    const pair = isMap<ParsedNode, ParsedNode | null>(node)
      ? node.items.find(({ key }) => `${key}` === name)
      : undefined
    return pair ? offsetOf(pair.value, rest, pair.key.range[0]) : above
  }
  try {
    const root: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return { root, lineOf: path => lineCounter.linePos(offsetOf(document.contents, path)).line }
  } catch {
    const problem = 'invalid aliases (*name) or merge keys (<<) in the file'
    const cure = `expected at most ${MAX_ALIASES} aliases, each after its anchor (&name), and a mapping for each merge key`
    return [{ key: 'config', line: 1, problem, cure }]
  }
}

/** Returns all duplicate keys. Of other errors it returns only the first, which usually causes the rest. */
function problemsOf(text: string, errors: readonly YAMLError[], lines: LineCounter): YamlProblem[] {
  const syntax = errors.find(error => error.code !== 'DUPLICATE_KEY')
  if (syntax !== undefined) {
    const problem = `invalid YAML: ${syntax.code.toLowerCase().replaceAll('_', ' ')}`
    const { line } = lines.linePos(syntax.pos[0])
    return [{ key: 'config', line, problem, cure: 'fix this line or the one above it' }]
  }
  return errors.map(({ pos: [start] }) => {
    const key = showKey(`${/^["']?([^"':\s]*)/.exec(text.slice(start))?.[1]}`)
    return { key, line: lines.linePos(start).line, problem: 'duplicate key', cure: 'remove one of the two' }
  })
}
