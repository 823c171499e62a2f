import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withSubcommands } from '../../src/commands/command.ts'
import { renderMan } from '../../src/commands/help/man.ts'
import { describeCommands } from '../../src/commands/registry.ts'
import { configGroups } from '../../src/config/sources/flag-groups.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const groups = await describeCommands()
const page = renderMan(groups)

/** The page as a reader sees its words: without macros, fonts and escapes. */
const words = page
  .replace(/\\f[BIR]/g, '')
  .replaceAll('\\-', '-')
  .replaceAll('\\(aq', "'")
  .replaceAll('\\e', '\\')

t.test('the man page is the one that is installed', async t => {
  t.equal(readFileSync(join(ROOT, 'config', 'prismacloud-proxy.1'), 'utf8'), page)
  const { man, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  // npm installs no page that is not in a list
  t.strictSame(man, ['config/prismacloud-proxy.1'])
  t.ok(files.includes('config'))
})

t.test('every command, flag and example is in it', async t => {
  for (const { path, description } of groups.flatMap(group => group.commands).flatMap(withSubcommands)) {
    const [, section = ''] = words.split(`\n.SS ${path.join(' ')}\n`)
    for (const line of description.usage) t.match(section, `prismacloud-proxy ${line}\n`)
    for (const { name } of description.flags) t.match(section, `${name}`)
    for (const { line } of description.examples) t.match(words, line.replaceAll('…', '\\[u2026]'))
  }
  for (const { title, flags } of configGroups) {
    const [, section = ''] = words.split(`\n.SS ${title}\n`)
    for (const { name, short } of flags) t.match(section, `.TP\n${short ? `${short}, ` : ''}${name}`)
  }
})

t.test('it has only what roff takes as it is meant', async t => {
  t.match(page, /^\.TH PRISMACLOUD-PROXY 1 /)
  for (const line of page.split('\n')) {
    t.match(line, /^[\x20-\x7e]*$/)
    // a line that begins with a period or an apostrophe is a request
    t.notMatch(line, /^'|^\.(?!TH|SH|SS|TP|PP|IP|EX|EE|RS|RE|br|nh|ad)/)
    t.notMatch(line, /(?<!\\)-(?!PROXY)(?<!^\.TH.*)/)
  }
})

t.test('what roff would misread is escaped', async t => {
  const description = {
    summary: 'Odd',
    usage: ['odd'],
    paragraphs: ['.It is', "'quoted' \\ and …", '- item'],
    flags: [],
    examples: [],
  }
  const odd = renderMan([{ title: 'Odd', commands: [{ path: ['odd'], description }] }])
  t.match(odd, '\n.PP\n\\&.It is\n.PP\n\\&\\(aqquoted\\(aq \\e and \\[u2026]\n.IP \\(bu 2\nitem\n')
})
