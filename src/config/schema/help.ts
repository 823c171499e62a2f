import { settingFlags, tenantFlags } from '../sources/flags.ts'
import type { Field, Kind } from './fields.ts'
import { flagOf, sectionKeys, sectionNames, settingKeys, variableOf } from './keys.ts'

/** The maximum width of the help, in columns. */
const WIDTH = 100

const PLACEHOLDERS: Readonly<Record<Kind, string>> = {
  address: 'ADDRESS',
  argv: 'COMMAND',
  cacheRules: 'LIST',
  choice: 'WORD',
  count: 'NUMBER',
  duration: 'DURATION',
  file: 'FILE',
  hosts: 'LIST',
  label: 'NAME',
  mode: 'MODE',
  proxyUrl: 'URL',
  redisUrl: 'URL',
  rules: 'LIST',
  secret: 'SECRET',
  size: 'SIZE',
  text: 'TEXT',
  toggle: 'true|false',
}

const NOTES = [
  'DURATION is a whole number with unit ms, s, m or h; SIZE is a whole number with unit B, KiB or MiB; LIST is comma-separated (rules: semicolon-separated).',
  'Flags override environment variables (--log-level is PRISMACLOUD_PROXY_LOG_LEVEL), which override the file.',
  'The flags from --url to --customer-name apply to the default tenant. Secrets are never flags: use the environment (PC_URL, PC_IDENTITY, PC_SECRET), files, or a command that the configuration file names.',
]

/**
 * Renders the options part of `--help`: each flag with its description and default, aligned, at most 100 columns wide.
 * The flags of the keys in `without` are left out.
 */
export function renderHelp(without: ReadonlySet<string> = new Set()): string {
  const rows: Row[] = [
    ['--config FILE', 'YAML file with the configuration.'],
    ...[...tenantFlags, ...settingFlags]
      .filter(([key]) => !without.has(key))
      .map(([key, field]): Row => [`${flagOf(key)} ${PLACEHOLDERS[field.kind]}`, describe(field)]),
  ]
  const column = Math.max(...rows.map(([flag]) => flag.length)) + 4
  const options = rows.map(([flag, text]) => `  ${flag}`.padEnd(column) + indent(wrap(text, WIDTH - column), column))
  return [...options, '', ...NOTES.flatMap(note => wrap(note, WIDTH))].join('\n')
}

type Row = readonly [flag: string, text: string]

function describe({ description, enum: words, default: value }: Field): string {
  const choices = words ? ` One of ${words.join(', ')}.` : ''
  return description + choices + (isSet(value) ? ` [${value}]` : '')
}

function isSet(value: Field['default']): boolean {
  return value !== null && !Array.isArray(value)
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.pop()
    const longer = line === undefined ? word : `${line} ${word}`
    if (line === undefined || longer.length <= width) lines.push(longer)
    else lines.push(line, word)
  }
  return lines
}

function indent(lines: readonly string[], column: number): string {
  return lines.join(`\n${' '.repeat(column)}`)
}

/** Renders the table of all keys, in Markdown. */
export function configTable(): string {
  const named = sectionNames.flatMap(section =>
    [...sectionKeys[section]].map(([key, field]) => tableRow(`${section}.<name>.${key}`, field)),
  )
  const others = [...settingKeys].map(([key, field]) => tableRow(key, field))
  return ['| Key | Default | Environment | Description |', '|---|---|---|---|', ...named, ...others].join('\n')
}

function tableRow(key: string, field: Field): string {
  const choices = field.enum ? ` One of ${field.enum.map(code).join(', ')}.` : ''
  const value = isSet(field.default) ? code(`${field.default}`) : ''
  return `| ${code(key)} | ${value} | ${code(variableOf(key))} | ${field.description}${choices} |`
}

function code(text: string): string {
  return `\`${text}\``
}
