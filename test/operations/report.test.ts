import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { type Api, apiOf, describe, documentWith, json, objectWith, type Part } from './describe.ts'
import { ROWS, type Row } from './table.ts'

const SCRIPT = join(import.meta.dirname, '../../.ci/operations.js')
const APIS = ['cspm', 'code', 'compute'] as const
const CHANGED = 'Changed; each with its new row'
const NEXT =
  'Nothing was changed. Review this, edit src/operations/operations.tsv (a ? is for you to judge), then run npm run generate.\n'

/** Runs the script as a process of its own. */
function operations(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8', env: {} })
  return { code: status, stdout, stderr }
}

/** Runs the script on a folder with these documents, and gives what it reports. */
function reportOn(t: Test, ...documents: Part[]): string {
  const files = documents.map((document, at) => [`${at}.json`, JSON.stringify(document)])
  const { code, stdout, stderr } = operations(t.testdir(Object.fromEntries(files)))
  t.match({ code, stderr }, { code: 1, stderr: '' })
  t.ok(stdout.endsWith(NEXT))
  return stdout
}

function rowsOf(api: Api): Row[] {
  return ROWS.filter(row => apiOf(row) === api)
}

/** A row as a line of the table. */
function lineOf(row: Row): string {
  const { method, template, effect, deprecated, rate, burst, paging } = row
  return [method, template.replace('/_compute', ''), apiOf(row), effect, deprecated, rate, burst, paging].join('\t')
}

/** The part of a report with this title. */
function section(report: string, title: string): string[] {
  return new RegExp(`^${title}:\n\n(.*?)\n\n`, 'ms').exec(report)?.[1]?.split('\n') ?? []
}

/** The columns from the rate on of the new operations that are reported, by their paths. */
function facts(report: string): Record<string, string> {
  const lines = section(report, 'New').map(line => line.split('\t'))
  return Object.fromEntries(lines.map(([, path = '', , , , ...facts]) => [path, facts.join(' ').trim()]))
}

t.test('descriptions that say what the table says, in JSON and YAML', async t => {
  const folder = t.testdir({
    'cspm.json': JSON.stringify(describe('cspm', rowsOf('cspm'))),
    'code.yaml': stringify(describe('code', rowsOf('code'))),
    'compute.yml': stringify(describe('compute', rowsOf('compute'))),
  })
  const stdout = `src/operations/operations.tsv agrees with the descriptions of ${ROWS.length} operations\n`
  t.same(operations(folder), { code: 0, stdout, stderr: '' })
  t.match(operations(join(folder, 'code.yaml')), { code: 0, stderr: '' })
})

t.test('a new operation is a row to paste, which the table refuses until its effect is judged', async t => {
  const post = {
    deprecated: true,
    parameters: [{ in: 'query', name: 'offset' }],
    description: 'Request rate limit: 2/sec',
  }
  const paths = { '/zoo/{id}': { post, get: {}, head: {} }, '/ant': { delete: {} } }
  const today = new Date().toISOString().slice(0, 10)
  const lines = section(reportOn(t, documentWith('cspm', paths)), 'New')
  const row = (date: string) => `POST\t/zoo/{id}\tcspm\t?\t${date}\t2/sec\t2\tquery:offset`
  t.same(lines.slice(0, 2), ['DELETE\t/ant\tcspm\t?\t\t\t\t', 'GET\t/zoo/{id}\tcspm\tread\t\t\t\t'])
  // it may have become tomorrow since
  t.ok([today, new Date().toISOString().slice(0, 10)].some(date => lines[2] === row(date)))
  t.equal(lines.length, 3)

  const { readTable } = await import(new URL('../../.ci/operations-table.js', import.meta.url).href)
  const table = (line: string) => `method\tpath\tapi\teffect\tdeprecated\trate\tburst\tpaging\n${line}\n`
  t.throws(() => readTable(table(row(today))), /\/zoo\/\{id\} has no effect out of read, export, write, session/)
  const judged = row(today).replace('?', 'write')
  t.equal(readTable(table(judged)).length, 1)
  t.throws(() => readTable(table(`${judged}\n${judged}`)), /operations\.tsv:3: POST \/zoo\/\{id\} is there twice/)
})

t.test('an operation that is in no description any more, of those APIs that are described', async t => {
  const [first, ...others] = rowsOf('compute')
  const report = reportOn(t, describe('compute', others))
  t.equal(report, `In no description any more:\n\n${first && lineOf(first)}\n\n${NEXT}`)
})

t.test('each change is said, with the row as it would be', async t => {
  const taken = new Set<Row>()
  /** One more row that fits. */
  const take = (fits: (row: Row) => unknown): Row => {
    const row = ROWS.find(each => fits(each) && !taken.has(each))
    if (row === undefined) throw new Error(`there is no such row: ${fits}`)
    taken.add(row)
    return row
  }
  const plain = (row: Row) => !row.deprecated && !row.rate && !row.paging
  const today = new Date().toISOString().slice(0, 10)
  const cases: [Row, Partial<Row>, RegExp][] = [
    [take(plain), { deprecated: today }, /: deprecated \(none\) -> \d{4}-\d\d-\d\d \(/],
    [take(row => row.deprecated), { deprecated: '' }, /: deprecated \d{4}-\d\d-\d\d -> \(none\) \(/],
    [take(plain), { rate: '3/min', burst: '4' }, /: rate \(none\) -> 3\/min, burst \(none\) -> 4 \(/],
    [take(row => row.rate), { rate: '', burst: '' }, /: rate \d+\/\w+ -> \(none\), burst \d+ -> \(none\) \(/],
    [take(row => row.rate), { burst: '999' }, /: burst \d+ -> 999 \(/],
    [take(row => row.paging), { paging: '' }, /: paging \S.* -> \(none\) \(/],
    [take(plain), { paging: 'answer:nextPageToken' }, /: paging \(none\) -> answer:nextPageToken \(/],
  ]
  const changes = new Map(cases.map(([row, change]) => [row, { ...row, ...change }]))
  const documents = APIS.map(api =>
    describe(
      api,
      rowsOf(api).map(row => changes.get(row) ?? row),
    ),
  )
  const lines = section(reportOn(t, ...documents), CHANGED)
  for (const [row, change, text] of cases) {
    const at = lines.findIndex(line => line.startsWith(`${row.method} ${row.template.replace('/_compute', '')}: `))
    t.match(lines[at], text)
    t.match(lines[at], new RegExp(`/${APIS.indexOf(apiOf(row))}\\.json\\)$`))
    const day = /-> (\d{4}-\d\d-\d\d)/.exec(lines[at] ?? '')?.[1]
    t.equal(lines[at + 1], lineOf({ ...row, ...change, ...(day && { deprecated: day }) }))
  }
  t.equal(lines.length, 2 * cases.length)
})

t.test('the words for rate limits', async t => {
  const words = {
    '/a': '**Rate Limits**\n\n* Request Rate Limit: 80/minute\n',
    '/b': '#### Rate Limits ####\n\n* Request rate limit: 2/sec \n* Burst limit: 10/sec        \n',
    '/c': '* Request Rate Limit: 4/second\n* Burst Limit: 8',
    '/d': '* **Request rate limit**: 4/sec\n* **Burst limit**: 8',
    '/e': 'It has a rate limit.',
    '/f': 'Request rate limit: 500/hour',
    '/g': 'Request rate limit: 5/sec. Short bursts may have more.',
    '/h': 'Limits the rate. Burst limit: 7',
    '/i': { $ref: 'desc/limits.md' },
    '/j': undefined,
  }
  const paths = Object.fromEntries(Object.entries(words).map(([path, description]) => [path, { get: { description } }]))
  t.same(facts(reportOn(t, documentWith('cspm', paths))), {
    '/a': '80/min 80',
    '/b': '2/sec 10',
    '/c': '4/sec 8',
    '/d': '4/sec 8',
    '/e': '? ?',
    '/f': '? ?',
    '/g': '5/sec ?',
    '/h': '',
    '/i': '',
    '/j': '',
  })
})

t.test('the fields that page, wherever they are', async t => {
  const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const components = {
    parameters: { Page: { in: 'query', name: 'page' } },
    requestBodies: { Search: json(schema('Search')) },
    responses: { Found: json({ oneOf: [schema('Node'), objectWith(['data.cursor', 'totalRows'])] }) },
    schemas: {
      Search: { allOf: [objectWith(['filter', 'limit']), { anyOf: [schema('Token')] }] },
      Token: objectWith(['pageToken']),
      Node: { allOf: [schema('Node')], properties: { nextPageToken: {} } },
      List: { type: 'array', items: objectWith(['nextPageToken']) },
    },
  }
  const header = { in: 'header', name: 'page' }
  const paths = {
    '/a': {
      parameters: [{ $ref: '#/components/parameters/Page' }],
      get: { parameters: [{ in: 'query', name: 'size' }] },
    },
    '/b': { get: { requestBody: { $ref: '#/components/requestBodies/Search' } } },
    '/c': { get: { responses: { 201: { $ref: '#/components/responses/Found' } } } },
    '/d': {
      get: {
        parameters: [{ in: 'query', name: 'limit' }, header],
        responses: { 200: json(objectWith(['totalRows'])) },
      },
    },
    '/e': { get: { responses: { 200: json(objectWith(['offset'])) } } },
    '/f': { get: { responses: { 200: json(schema('List')), 204: {}, default: json(schema('Token')) } } },
    '/g': { get: { requestBody: json(schema('Missing')), responses: { 200: json({ $ref: 'other.json#/Token' }) } } },
    '/h': { get: { requestBody: { content: { 'text/csv': {} } } } },
    '/i': { get: { requestBody: json(objectWith(['page_offset', 'searchAfter', 'skip'])) } },
  }
  t.same(facts(reportOn(t, documentWith('cspm', paths, components))), {
    '/a': 'query:page,size',
    '/b': 'body:limit,pageToken',
    '/c': 'answer:data.cursor,nextPageToken,totalRows',
    '/d': '',
    '/e': '',
    '/f': '',
    '/g': '',
    '/h': '',
    '/i': 'body:page_offset,searchAfter,skip',
  })
})

t.test('the API is told by paths and security schemes, or by the caller', async t => {
  const secured = (scheme: string) => ({ get: { security: [{ [scheme]: [] }] } })
  const documents = [
    { '/zoo/a': secured('x-redlock-auth') },
    { '/zoo/b': secured('CustomAuthorizer') },
    { '/code/zoo/c': { get: {} }, '/api/v1/zoo': { get: {} } },
    { '/api/v22.12/zoo': { get: {} }, '/api/v1/zoo': { get: {} } },
  ].map(paths => ({ openapi: '3.1.0', paths }))
  const added = (report: string) => section(report, 'New').map(line => line.split('\t', 3).slice(1).join(' '))
  t.same(added(reportOn(t, ...documents)), [
    '/zoo/a cspm',
    '/code/api/v1/zoo code',
    '/code/zoo/b code',
    '/code/zoo/c code',
    '/api/v1/zoo compute',
    '/api/v{version}/zoo compute',
  ])

  const hint = 'cannot tell which API it describes: add --api cspm|code|compute\n'
  for (const paths of [{ '/code/zoo': secured('x-redlock-auth') }, { '/api/v1/zoo': { get: {} } }]) {
    const file = join(t.testdir({ 'a.json': JSON.stringify({ openapi: '3.0.0', paths }) }), 'a.json')
    t.same(operations(file), { code: 2, stdout: '', stderr: `${file}: ${hint}` })
  }
  const { code, stdout } = operations('--api', 'compute', t.testdirName)
  t.equal(code, 1)
  t.same(added(stdout), ['/api/v1/zoo compute'])
})

t.test('an operation in two descriptions', async t => {
  const limited = rowsOf('code')
    .slice(0, 1)
    .map(row => ({ ...row, rate: '1/sec', burst: '1' }))
  const added = documentWith('code', { '/code/zoo': { get: {} } })
  const report = reportOn(t, describe('code', rowsOf('code')), describe('code', limited), added, added)
  t.same(section(report, 'New'), ['GET\t/code/zoo\tcode\tread\t\t\t\t'])
  t.match(section(report, CHANGED)[0], /rate \(none\) -> 1\/sec, .*1\.json\)$/)
})

t.test('what else is in a folder is skipped, with a remark; elsewhere it is an error', async t => {
  const folder = t.testdir({
    'api.json': JSON.stringify(describe('code', rowsOf('code'))),
    'empty.yaml': '',
    'list.json': '[]',
    'models.json': '{"openapi":"3.1.0","components":{}}',
    'old.json': '{"swagger":"2.0","paths":{}}',
    'README.md': '# Not: a description',
    src: { 'older.json': '{' },
  })
  const { code, stderr } = operations(folder)
  t.equal(code, 0)
  const skipped = ['README.md', 'empty.yaml', 'list.json', 'models.json', 'old.json', 'src']
  t.same(
    stderr.trim().split('\n').sort(),
    skipped.map(name => `${join(folder, name)}: skipped, not an OpenAPI 3 description`),
  )
  const file = join(folder, 'old.json')
  t.same(operations(file), { code: 2, stdout: '', stderr: `${file}: not an OpenAPI 3 description\n` })
})

t.test('input that cannot be read', async t => {
  const broken = {
    'a.json': '{"openapi":',
    'b.yaml': 'openapi: 3.0.0\npaths: [',
    'c.json': '{"openapi":"3.0.0","paths":{"/a":null}}',
  }
  for (const [name, content] of Object.entries(broken)) {
    const folder = t.testdir({ [name]: content })
    const { code, stdout, stderr } = operations(folder)
    t.same({ code, stdout }, { code: 2, stdout: '' })
    t.ok(stderr.startsWith(`${join(folder, name)}: `), stderr)
  }
  const { code, stderr } = operations(join(t.testdir({}), 'missing.json'))
  t.equal(code, 2)
  t.match(stderr, /no such file.*missing\.json/)
  t.same(operations(t.testdir({})), {
    code: 2,
    stdout: '',
    stderr: 'there is no OpenAPI 3 description of any operation\n',
  })
})

t.test('wrong usage', async t => {
  const usage = 'usage: npm run operations -- [--api cspm|code|compute] FOLDER_OR_FILE...\n'
  for (const args of [[], ['--api', 'code'], ['--api', 'other', '.']])
    t.same(operations(...args), { code: 2, stdout: '', stderr: usage }, args.join(' '))
  const { code, stderr } = operations('--fix', '.')
  t.equal(code, 2)
  t.match(stderr, /--fix/)
})
