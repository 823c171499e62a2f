import { PROGRAM } from '../../kernel/product.ts'
import type { CommandGroup } from '../command.ts'
import type { Output } from '../host.ts'
import { layRows, type Row, widthFor, wrap } from './layout.ts'

/** Renders the help of the program for an output: its commands, in groups. */
export function renderOverview(groups: readonly CommandGroup[], stdout: Pick<Output, 'columns' | 'isTTY'>): string {
  const width = widthFor(stdout)
  const names = groups.flatMap(({ commands }) => commands.map(({ path }) => path.join(' ')))
  const longest = Math.max(...names.map(name => name.length))
  const sections = groups.map(({ title, commands }) => {
    const rows = commands.map(({ path, description }): Row => [path.join(' ').padEnd(longest), description.summary])
    return `${title}:\n${layRows(rows, width)}`
  })
  const more = `Run "${PROGRAM} COMMAND --help" for the options of a command, "${PROGRAM} --version" for the version.`
  return `Usage: ${PROGRAM} [COMMAND] [OPTIONS]

A local authenticating reverse proxy for the Prisma Cloud API.

${sections.join('\n\n')}

${wrap(more, width).join('\n')}
`
}
