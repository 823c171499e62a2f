// Reads what an OpenAPI 3 description of the vendor says of its operations, as rows of src/operations/operations.tsv.
import { METHODS } from './operations-table.js'

/** Compute's paths begin with its version: `/api/v34.04/`. The few below `/api/v1/` do so in every version. */
const VERSIONED = /^\/api\/v(?:\d+\.\d+|\{version\})\//

/** How to recognise an API: by how some of its paths begin, and by the name of the security scheme of its operations. */
const SIGNS = [
  { api: 'cspm', scheme: 'x-redlock-auth' },
  { api: 'code', start: /^\/code\//, scheme: 'CustomAuthorizer' },
  { api: 'compute', start: VERSIONED },
]

/** The fields that page. Each of these says which page is meant, … */
const TOKENS = ['cursor', 'nextPageToken', 'next_page_token', 'pageToken', 'page_token', 'searchAfter']

/** … these do so in a request, … */
const NUMBERS = ['offset', 'page', 'page_offset', 'skip']

/** … and these only say how much. */
const AMOUNTS = ['limit', 'pageSize', 'page_size', 'size', 'totalCount', 'totalRows']

/** The API that a description is of, or undefined if that cannot be told, or if it could be several. */
export function apiOf(document) {
  const operations = operationsOf(document)
  const requirements = operations.flatMap(({ operation }) => operation.security ?? [])
  const schemes = [document.components?.securitySchemes ?? {}, ...requirements].flatMap(Object.keys)
  const found = SIGNS.filter(
    ({ start, scheme }) => operations.some(({ path }) => start?.test(path)) || schemes.includes(scheme),
  )
  return found.length === 1 ? found[0].api : undefined
}

/**
 * The operations of a description as rows of the table; those that are deprecated are so on `today`. Where only a person
 * can judge, there is a `?`, which the table refuses: the effect of all but GET, and a rate limit in words unknown here.
 */
export function rowsOf(document, api, today) {
  return operationsOf(document).map(({ method, path, operation, shared }) => ({
    method,
    path: templateOf(path, api),
    api,
    effect: method === 'GET' ? 'read' : '?',
    // not by the prose, in which operations that are in use mention deprecated fields and other operations
    deprecated: operation.deprecated ? today : '',
    ...limitIn(operation.description),
    paging: pagingOf(document, operation, shared),
  }))
}

/** Every operation with its method and path, and the parameters that all operations at that path share. */
function operationsOf({ paths }) {
  return Object.entries(paths)
    .flatMap(([path, item]) =>
      METHODS.map(method => ({ method, path, operation: item[method.toLowerCase()], shared: item.parameters ?? [] })),
    )
    .filter(({ operation }) => operation)
}

/** The path as clients send it: application security's descriptions leave out `/code` at times. */
function templateOf(path, api) {
  if (api === 'compute') return path.replace(VERSIONED, '/api/v{version}/')
  return api === 'code' && !path.startsWith('/code/') ? `/code${path}` : path
}

/** The limit that the prose states: `Request rate limit: 2/sec`, `Burst limit: 10/sec`. A rate alone is its own burst. */
function limitIn(prose) {
  if (!/\brate limit/i.test(prose)) return { rate: '', burst: '' }
  const [, count, unit] = /\brequest rate limit\W+(\d+)\/(sec|min)/i.exec(prose) ?? []
  const [, burst] = /\bburst limit\W+(\d+)/i.exec(prose) ?? []
  if (!count) return { rate: '?', burst: '?' }
  return { rate: `${count}/${unit.toLowerCase()}`, burst: burst ?? (/\bburst/i.test(prose) ? '?' : count) }
}

/** The fields that page, by where they are: `query:limit,offset answer:data.nextPageToken`. */
function pagingOf(document, { parameters = [], requestBody, responses = {} }, shared) {
  const queries = [...shared, ...parameters].map(each => resolved(document, each)).filter(each => each.in === 'query')
  const succeeding = Object.keys(responses).filter(status => status.startsWith('2'))
  const places = Object.entries({
    query: queries.map(({ name }) => name),
    body: contentOf(document, requestBody).map(([name]) => name),
    answer: succeeding
      .flatMap(status => contentOf(document, responses[status]))
      .flatMap(([name, schema]) =>
        name === 'data' ? membersOf(document, schema).map(([inner]) => `data.${inner}`) : [name],
      ),
  }).map(([place, names]) => [place, fieldsIn(names, [...TOKENS, ...NUMBERS, ...AMOUNTS])])
  const positions = place => (place === 'answer' ? TOKENS : [...TOKENS, ...NUMBERS])
  if (!places.some(([place, fields]) => fieldsIn(fields, positions(place)).length > 0)) return ''
  return places.flatMap(([place, fields]) => (fields.length > 0 ? `${place}:${fields}` : [])).join(' ')
}

function fieldsIn(names, fields) {
  return [...new Set(names)].filter(name => fields.includes(name.replace('data.', ''))).sort()
}

/** The members of the objects in the body of a request or response. */
function contentOf(document, message) {
  return Object.values(resolved(document, message).content ?? {}).flatMap(({ schema }) => membersOf(document, schema))
}

/** The members of an object, as pairs of name and schema, from all the schemas that its own is put together from. */
function membersOf(document, reference, above = []) {
  const schema = resolved(document, reference)
  if (above.includes(schema)) return []
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap(each => each ?? [])
  const others = parts.flatMap(part => membersOf(document, part, [...above, schema]))
  return [...Object.entries(schema.properties ?? {}), ...others]
}

/** What a reference within the document refers to; of what is elsewhere or missing, nothing is known. */
function resolved(document, value = {}) {
  if (value.$ref === undefined) return value
  const [start, ...names] = value.$ref.split('/')
  const target = start === '#' ? names.reduce((at, name) => at?.[name], document) : undefined
  return resolved(document, target)
}
