import { CONFIG_NOTES } from '../../config/sources/flag-notes.ts'
import { asksForAll, type Flag } from '../../kernel/arguments.ts'
import { PROGRAM } from '../../kernel/product.ts'
import type { Description, NamedDescription, TermList } from '../command.ts'
import type { Host } from '../host.ts'
import { layParagraphs, layRows, type Row, widthFor, wrap } from './layout.ts'

/** Returns the help that arguments ask a command for: its own, or that of the subcommand that the first of them names. */
export function helpFor(name: string, command: Description, { args, stdout }: Pick<Host, 'args' | 'stdout'>): string {
  const [sub = ''] = args
  const below = Object.hasOwn(command.subcommands ?? {}, sub) ? command.subcommands?.[sub] : undefined
  const named = below ? { path: [name, sub], description: below } : { path: [name], description: command }
  return renderHelp(named, { width: widthFor(stdout), all: asksForAll(args) })
}

/** How a help is to look. */
export interface HelpOptions {
  /** The width of its lines, in columns. */
  readonly width: number
  /** Whether it lists every flag of the configuration, and not only the most important. */
  readonly all: boolean
}

/** Renders the help of a command, with a final line feed. */
export function renderHelp({ path, description }: NamedDescription, { width, all }: HelpOptions): string {
  const { usage, paragraphs, lists = [], exitCodes, examples, subcommands = {} } = description
  const list = ({ title, rows }: TermList) => (rows.length === 0 ? [] : [`${title}:\n${layRows(rows, width)}`])
  const commands = Object.entries(subcommands).map(([name, { summary }]): Row => [name, summary])
  const sections = [
    usage.map(line => `${PROGRAM} ${line}`).join('\n       '),
    layParagraphs(paragraphs, width),
    ...list({ title: 'Commands', rows: commands }),
    ...optionLists(description, all).flatMap(list),
    ...notes(path, description, { width, all }),
    ...lists.flatMap(list),
    ...list({ title: 'Exit codes', rows: exitCodes ?? [] }),
    ...(examples.length > 0 ? [`Examples:\n${examples.map(renderExample).join('\n')}`] : []),
  ]
  return `Usage: ${sections.join('\n\n')}\n`
}

function renderExample({ purpose, line }: Description['examples'][number]): string {
  return `  # ${purpose}\n  ${line}`
}

/** The flags: the command's own and the important ones in one list, or all of them by the sections of the configuration. */
function optionLists({ flags, configuration = [] }: Description, all: boolean): TermList[] {
  const offered = [...flags, ...configuration.flatMap(group => group.flags)]
  const hasShort = offered.some(({ short }) => short !== undefined)
  const rowsOf = (some: readonly Flag[]) => some.map((flag): Row => [termOf(flag, hasShort), textOf(flag)])
  if (!all) return [{ title: 'Options', rows: rowsOf([...flags, ...important(configuration)]) }]
  const groups = configuration.map(group => ({ title: `${group.title} options`, rows: rowsOf(group.flags) }))
  return [{ title: 'Options', rows: rowsOf(flags) }, ...groups]
}

function important(configuration: Description['configuration'] = []): Flag[] {
  return configuration.flatMap(({ flags }) => flags.filter(({ isImportant }) => isImportant))
}

/** Says how to see the flags that are not shown, or what must be known about all. */
function notes(path: readonly string[], { configuration }: Description, { width, all }: HelpOptions): string[] {
  if (configuration === undefined) return []
  if (all) return [layParagraphs(CONFIG_NOTES, width)]
  const hidden = configuration.flatMap(({ flags }) => flags).length - important(configuration).length
  const words = [PROGRAM, ...path, '--help --all'].join(' ')
  const hint = `"${words}" shows ${hidden} more options, and how files and the environment set them.`
  return [wrap(hint, width).join('\n')]
}

/** A flag as the help lists it: `-c, --config FILE`. `hasShort` leaves room for short forms. */
function termOf({ name, short, kind, placeholder }: Flag, hasShort: boolean): string {
  const before = short ? `${short}, ` : hasShort ? '    ' : ''
  return `${before}${name}${kind === 'switch' ? '' : ` ${placeholder}`}`
}

/** What a flag does, with its choices and its default. */
export function textOf({ text, choices, default: value }: Flag): string {
  return text + (choices ? ` One of ${choices.join(', ')}.` : '') + (value === undefined ? '' : ` [${value}]`)
}
