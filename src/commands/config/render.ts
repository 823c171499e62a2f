import type { EffectiveSetting } from '../../config/effective.ts'
import type { Paint } from '../terminal/colour.ts'
import { yamlComment, yamlValue } from './yaml-value.ts'

/** The widest text whose comment is aligned with the others, in characters. */
const WIDEST = 56

/** A line of the output: YAML, and a comment after it. */
interface Line {
  readonly text: string
  readonly comment: string
}

/**
 * Renders settings in YAML that can be pasted into a file: what was set comes first, each with its origin in a comment,
 * then the defaults, as comments. What cannot be pasted, because it is masked or invalid, is a comment, too.
 */
export function renderSettings(settings: readonly EffectiveSetting[], paint: Paint): string {
  const set = settings.filter(({ source }) => source !== 'default')
  const defaults = settings.filter(({ source }) => source === 'default')
  return [
    ...aligned(linesOf(set), paint),
    ...(set.length > 0 ? [''] : []),
    paint('dim', '# defaults'),
    ...defaults.map(({ key, value }) => paint('dim', `# ${key}: ${yamlValue(value)}`)),
  ].join('\n')
}

/** Nests the settings below lines for their sections, which follow one another. */
function linesOf(settings: readonly EffectiveSetting[]): Line[] {
  const lines: Line[] = []
  let above: readonly string[] = []
  for (const setting of settings) {
    const path = setting.key.split('.')
    const sections = path.slice(0, -1)
    const shared = sections.findIndex((name, depth) => name !== above[depth])
    const opened = shared < 0 ? [] : sections.slice(shared)
    for (const [index, name] of opened.entries()) lines.push({ text: `${indent(shared + index)}${name}:`, comment: '' })
    lines.push({ text: indent(sections.length) + entry(`${path.at(-1)}`, setting), comment: originOf(setting) })
    above = sections
  }
  return lines
}

function entry(name: string, { value, shown }: EffectiveSetting): string {
  if (shown === 'invalid') return `# ${name}: invalid value`
  const text = `${name}: ${yamlValue(value)}`
  // a file does not name itself
  return shown === 'masked' || name === 'config' ? `# ${text}` : text
}

function originOf({ source, origin }: EffectiveSetting): string {
  return `# ${source} ${yamlComment(origin)}`
}

function aligned(lines: readonly Line[], paint: Paint): string[] {
  const widths = lines.filter(({ comment }) => comment !== '').map(({ text }) => text.length)
  const column = Math.max(0, ...widths.filter(width => width <= WIDEST)) + 2
  return lines.map(({ text, comment }) =>
    comment === '' ? text : `${text.padEnd(column)}${text.length >= column ? '  ' : ''}${paint('dim', comment)}`,
  )
}

function indent(depth: number): string {
  return '  '.repeat(depth)
}
