import { configGroups } from '../../config/sources/flag-groups.ts'
import { CONFIG_NOTES } from '../../config/sources/flag-notes.ts'
import type { Flag } from '../../kernel/arguments.ts'
import { PROGRAM } from '../../kernel/product.ts'
import {
  type CommandGroup,
  type Description,
  type NamedDescription,
  type TermList,
  withSubcommands,
} from '../command.ts'
import { textOf } from './help.ts'

/** Renders the man page of the program, in the macros of man(7), with ASCII characters only. */
export function renderMan(groups: readonly CommandGroup[]): string {
  const commands = groups.flatMap(group => group.commands).flatMap(withSubcommands)
  const users = commands.filter(({ description }) => description.configuration).map(({ path }) => path.join(' '))
  const lines = [
    `.TH ${PROGRAM.toUpperCase()} 1 "" ${PROGRAM} "User Commands"`,
    // names of flags must stay whole
    '.nh',
    '.ad l',
    '.SH NAME',
    `${escaped(PROGRAM)} \\- a local authenticating reverse proxy for the Prisma Cloud API`,
    '.SH SYNOPSIS',
    `${bold(PROGRAM)} [COMMAND] [OPTIONS]`,
    '.SH DESCRIPTION',
    'Holds the access keys of Prisma Cloud tenants, keeps a session for each, and forwards plain local requests to the API with the session attached.',
    'Without a command, it starts the proxy.',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH CONFIGURATION OPTIONS',
    escaped(`These commands take the options below: ${users.join(', ')}.`),
    ...CONFIG_NOTES.flatMap(note => ['.PP', escaped(note)]),
    ...configGroups.flatMap(({ title, flags }) => [`.SS ${escaped(title)}`, ...flags.flatMap(flagLines)]),
    '.SH ENVIRONMENT',
    ...VARIABLES.flatMap(([name, text]) => ['.TP', bold(name), escaped(text)]),
  ]
  return `${lines.join('\n')}\n`
}

const VARIABLES = [
  ['PRISMACLOUD_PROXY_CONFIG', 'The configuration file, as --config names it.'],
  [
    'PRISMACLOUD_PROXY_*',
    'Every other key of the configuration: PRISMACLOUD_PROXY_LISTEN_ADDRESS is listen.address, as is --listen-address.',
  ],
  ['PC_URL, PC_IDENTITY, PC_SECRET', 'The stack, access key ID and secret key of the default tenant.'],
] as const

function commandLines({ path, description }: NamedDescription): string[] {
  const { usage, paragraphs, flags, lists = [], exitCodes, examples } = description
  return [
    `.SS ${escaped(path.join(' '))}`,
    ...usage.flatMap((line, at) => [...(at === 0 ? [] : ['.br']), bold(`${PROGRAM} ${line}`)]),
    ...paragraphs.flatMap(paragraphLines),
    ...flags.flatMap(flagLines),
    ...configurationLines(description),
    ...lists.flatMap(listLines),
    ...(exitCodes ? listLines({ title: 'Exit codes', rows: exitCodes }) : []),
    ...examples.flatMap(({ purpose, line }) => [
      '.PP',
      escaped(`${purpose}:`),
      '.RS 4',
      '.EX',
      escaped(line),
      '.EE',
      '.RE',
    ]),
  ]
}

function paragraphLines(text: string): string[] {
  return text.startsWith('- ') ? ['.IP \\(bu 2', escaped(text.slice(2))] : ['.PP', escaped(text)]
}

function listLines({ title, rows }: TermList): string[] {
  return ['.PP', escaped(`${title}:`), ...rows.flatMap(([term, text]) => ['.TP', bold(term), escaped(text)])]
}

/** Refers to the options of the configuration, which are listed once, and names those that the command lacks. */
function configurationLines({ configuration }: Description): string[] {
  if (configuration === undefined) return []
  const taken = new Set(configuration.flatMap(({ flags }) => flags.map(({ name }) => name)))
  const lacking = configGroups.flatMap(({ flags }) => flags.map(({ name }) => name)).filter(name => !taken.has(name))
  const exception = lacking.length === 0 ? '' : `, except ${lacking.join(', ')}`
  return ['.PP', escaped(`Takes the options of the configuration, which are listed below${exception}.`)]
}

function flagLines(flag: Flag): string[] {
  const { name, short, kind, placeholder } = flag
  const value = kind === 'switch' ? '' : ` \\fI${escaped(`${placeholder}`)}\\fR`
  return ['.TP', `${short ? `${bold(short)}, ` : ''}${bold(name)}${value}`, escaped(textOf(flag))]
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`
}

/** Text as roff takes it: hyphens that are copied as such, and no character that it could misread (groff_char(7)). */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=['.])/, '\\&')
    .replaceAll("'", '\\(aq')
    .replace(/[^\x20-\x7e]/gu, character => `\\[u${hex(character)}]`)
}

function hex(character: string): string {
  return `${character.codePointAt(0)?.toString(16)}`.toUpperCase().padStart(4, '0')
}
