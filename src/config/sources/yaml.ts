import { isMap, LineCounter, type ParsedNode, parseDocument, type YAMLError } from 'yaml'
import { type Fault, showKey } from '../fault.ts'

/** More aliases than any configuration needs, and fewer than a file needs that grows past memory. */
const MAX_ALIASES = 100

/** What a YAML text holds. */
export interface Yaml {
  /** Texts, nulls, lists and mappings. */
  readonly root: unknown
  /** The line, from 1, of the key at that path, or of the last one on the way to it that stands in the text itself. */
  lineOf(path: readonly string[]): number
}

/** What is wrong with a YAML text. */
export interface YamlProblem extends Omit<Fault, 'origin'> {
  /** From 1. */
  readonly line: number
}

/**
 * Parses YAML 1.2 (and so JSON), reading every scalar but null as text: what it means is the schema's to say. A problem
 * is told by its line, never by its text, which may be a secret.
 */
export function parseYaml(text: string): Yaml | readonly YamlProblem[] {
  const lineCounter = new LineCounter()
  const options = { schema: 'failsafe', prettyErrors: false, logLevel: 'error', lineCounter } as const
  // merge keys (<<) are YAML 1.1's, and what people write to have two tenants share their settings
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
    const problem = 'the aliases (*name) or merge keys (<<) in the file cannot be resolved'
    const cure = `Write at most ${MAX_ALIASES} aliases, each after its anchor (&name), and behind a merge key a mapping.`
    return [{ key: 'config', line: 1, problem, cure }]
  }
}

/** Every duplicate key; of other errors the first, which the rest usually follow from. */
function problemsOf(text: string, errors: readonly YAMLError[], lines: LineCounter): YamlProblem[] {
  const syntax = errors.find(error => error.code !== 'DUPLICATE_KEY')
  if (syntax !== undefined) {
    const problem = `the file is not valid YAML here: ${syntax.code.toLowerCase().replaceAll('_', ' ')}`
    const { line } = lines.linePos(syntax.pos[0])
    return [{ key: 'config', line, problem, cure: 'Mend this line or the one above it.' }]
  }
  return errors.map(({ pos: [start] }) => {
    const key = showKey(`${/^["']?([^"':\s]*)/.exec(text.slice(start))?.[1]}`)
    return { key, line: lines.linePos(start).line, problem: 'the key is given twice', cure: 'Keep one of them.' }
  })
}
