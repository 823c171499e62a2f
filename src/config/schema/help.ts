import { tenantFlags } from '../sources/flags.ts'
import type { Field, Kind } from './fields.ts'
import { flagOf, sectionKeys, sectionNames, settingKeys, variableOf } from './keys.ts'

/** How wide the help is at most, in columns. */
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
  rules: 'LIST',
  secret: 'SECRET',
  size: 'SIZE',
  text: 'TEXT',
  toggle: 'true|false',
}

const NOTES = [
  'DURATION is a whole number and ms, s, m or h; SIZE a whole number and B, KiB or MiB; LIST is parted by commas, of rules by semicolons.',
  'Flags win over the environment (--log-level is PRISMACLOUD_PROXY_LOG_LEVEL), the environment over the file.',
  'The flags from --url to --customer-name are for the default tenant. Secrets are never flags: give them in the environment (PC_URL, PC_IDENTITY, PC_SECRET), in files, or by a command that the configuration file names.',
]

/**
 * The options part of `--help`: each flag with its default and what it does, aligned, at most 100 columns wide. The flags
 * of the keys in `without` are left out.
 */
export function renderHelp(without: ReadonlySet<string> = new Set()): string {
  const rows: Row[] = [
    ['--config FILE', 'YAML file with the configuration.'],
    ...[...tenantFlags, ...settingKeys]
      .filter(([key]) => !without.has(key))
      .map(([key, field]): Row => [`${flagOf(key)} ${PLACEHOLDERS[field.kind]}`, tell(field)]),
  ]
  const column = Math.max(...rows.map(([flag]) => flag.length)) + 4
  const options = rows.map(([flag, text]) => `  ${flag}`.padEnd(column) + indent(wrap(text, WIDTH - column), column))
  return [...options, '', ...NOTES.flatMap(note => wrap(note, WIDTH))].join('\n')
}

type Row = readonly [flag: string, text: string]

function tell({ description, enum: words, default: value }: Field): string {
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

/** The table of all keys, in Markdown. */
export function configTable(): string {
  const named = sectionNames.flatMap(section =>
    [...sectionKeys[section]].map(([key, field]) => tableRow(`${section}.<name>.${key}`, field)),
  )
  const others = [...settingKeys].map(([key, field]) => tableRow(key, field))
  return ['| Key | Default | Environment | What it is |', '|---|---|---|---|', ...named, ...others].join('\n')
}

function tableRow(key: string, field: Field): string {
  const choices = field.enum ? ` One of ${field.enum.map(code).join(', ')}.` : ''
  const value = isSet(field.default) ? code(`${field.default}`) : ''
  return `| ${code(key)} | ${value} | ${code(variableOf(key))} | ${field.description}${choices} |`
}

function code(text: string): string {
  return `\`${text}\``
}
