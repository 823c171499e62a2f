// Reports what has changed in the vendor's API descriptions since src/operations/operations.tsv was last reviewed: operations
// that are new or gone, and changes of deprecation, rate limits and paging. Exits with 1 if there is a difference, and with 2
// if it is called wrongly or cannot read a description. It does not edit the table, which people review.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { apiOf, rowsOf } from './openapi.js'
import { APIS, lineOf, readTable, TABLE } from './operations-table.js'

const USAGE = `usage: npm run operations -- [--api ${APIS.join('|')}] FOLDER_OR_FILE...`

/** What a description says of an operation. */
const FACTS = ['deprecated', 'rate', 'burst', 'paging']

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { api: { type: 'string' } } })
  if (positionals.length === 0 || (values.api && !APIS.includes(values.api))) throw new Error(USAGE)
  const described = positionals.flatMap(path => rowsAt(path, values.api))
  if (described.length === 0) throw new Error('there is no OpenAPI 3 description of any operation')
  const differences = compare(readTable(), described)
  console.log(report(differences, described.length))
  process.exitCode = Object.values(differences).some(each => each.length > 0) ? 1 : 0
} catch (error) {
  console.error(error.message)
  process.exitCode = 2
}

/** The operations that a file describes, or those of all descriptions that are directly in a folder. */
function rowsAt(path, api) {
  if (!statSync(path).isDirectory()) {
    const rows = rowsIn(path, api)
    if (!rows) throw new Error(`${path}: not an OpenAPI 3 description`)
    return rows
  }
  return readdirSync(path).flatMap(name => {
    const file = join(path, name)
    const rows = /\.(json|ya?ml)$/.test(name) ? rowsIn(file, api) : undefined
    if (!rows) console.error(`${file}: skipped, not an OpenAPI 3 description`)
    return rows ?? []
  })
}

/** The operations that a file describes, or undefined if it is not an OpenAPI 3 description. */
function rowsIn(file, api) {
  try {
    const text = readFileSync(file, 'utf8')
    const document = file.endsWith('.json') ? JSON.parse(text) : parse(text)
    if (!/^3\./.test(document?.openapi) || !document.paths) return undefined
    const described = api ?? apiOf(document)
    if (!described) throw new Error(`cannot tell which API it describes: add --api ${APIS.join('|')}`)
    const today = new Date().toISOString().slice(0, 10)
    return rowsOf(document, described, today).map(row => ({ ...row, file }))
  } catch (error) {
    throw new Error(`${file}: ${error.message}`, { cause: error })
  }
}

/** The differences between the table and the described operations, of those APIs of which there are some. */
function compare(table, described) {
  const known = new Map(table.map(row => [nameOf(row), row]))
  const found = new Map(described.map(row => [nameOf(row), row]))
  const apis = described.map(({ api }) => api)
  return {
    added: [...found.values()].filter(row => !known.has(nameOf(row))),
    gone: table.filter(row => apis.includes(row.api) && !found.has(nameOf(row))),
    changed: described.flatMap(row => changesOf(known.get(nameOf(row)), row)),
  }
}

/** An operation's name, in which those of variables do not count: `/alert/{id}` and `/alert/{alertId}` are the same. */
function nameOf({ api, method, path }) {
  return `${api} ${method} ${path.replace(/\{[^}]+\}/g, '{}')}`
}

/** The new row for a known operation of which a description says something else, and what has changed. */
function changesOf(known, described) {
  if (!known) return []
  const row = { ...known, ...Object.fromEntries(FACTS.map(fact => [fact, described[fact]])) }
  // the day on which it was known to be deprecated stays
  if (known.deprecated && row.deprecated) row.deprecated = known.deprecated
  const changes = FACTS.filter(fact => row[fact] !== known[fact])
  if (changes.length === 0) return []
  const words = changes.map(fact => `${fact} ${known[fact] || '(none)'} -> ${row[fact] || '(none)'}`)
  return [{ row, text: `${known.method} ${known.path}: ${words.join(', ')} (${described.file})` }]
}

function report({ added, gone, changed }, count) {
  const sections = [
    ['New', inOrder(added).map(lineOf)],
    ['In no description any more', gone.map(lineOf)],
    ['Changed; each with its new row', changed.flatMap(({ row, text }) => [text, lineOf(row)])],
  ].filter(([, lines]) => lines.length > 0)
  if (sections.length === 0) return `${TABLE} agrees with the descriptions of ${count} operations`
  const next = `Nothing was changed. Review this, edit ${TABLE} (a ? is for you to judge), then run npm run generate.`
  return [...sections.map(([title, lines]) => `${title}:\n\n${lines.join('\n')}\n`), next].join('\n')
}

/** Rows in the order of the table: by API, path and method. */
function inOrder(rows) {
  const place = ({ api, path, method }) => `${APIS.indexOf(api)}\t${path}\t${method}`
  return rows.toSorted((one, other) => (place(one) < place(other) ? -1 : 1))
}
