import type { Row } from './table.ts'

/** A part of an OpenAPI document. */
export interface Part {
  readonly [member: string]: unknown
}

/** The APIs that the vendor describes. */
export type Api = 'cspm' | 'code' | 'compute'

/** The API of a row of the table. */
export function apiOf({ template }: Row): Api {
  if (template.startsWith('/_compute/')) return 'compute'
  return template.startsWith('/code/') ? 'code' : 'cspm'
}

/** An OpenAPI document with these paths, whose operations have the security scheme of an API. */
export function documentWith(api: Api, paths: Part, components: Part = {}): Part {
  const schemes = { cspm: { 'x-redlock-auth': {} }, code: { CustomAuthorizer: {} }, compute: {} }
  return { openapi: '3.0.1', info: {}, paths, components: { securitySchemes: schemes[api], ...components } }
}

/** An OpenAPI document of the vendor's kind that says of these operations of an API what their rows say. */
export function describe(api: Api, rows: readonly Row[]): Part {
  const paths: Record<string, Part> = {}
  for (const [at, row] of rows.entries()) {
    const path = printed(row.template, at % 2 === 0)
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operationOf(row) }
  }
  const parameters = Object.fromEntries(['limit', 'offset'].map(name => [name, { in: 'query', name }]))
  return documentWith(api, paths, { parameters })
}

/** The path as the vendor prints it: with other names of variables, at times without `/code`, and with a version. */
function printed(template: string, isShort: boolean): string {
  const path = template.replace('/_compute/api/v{version}/', '/api/v34.04/').replace('/_compute/', '/')
  return (isShort ? path.replace(/^\/code\//, '/') : path).replace(/\{[\w-]+\}/g, '{name}')
}

function operationOf({ deprecated, rate, burst, paging }: Row): Part {
  const fields = (place: string) => new RegExp(`\\b${place}:(\\S+)`).exec(paging)?.[1]?.split(',') ?? []
  const isShared = (name: string) => name === 'limit' || name === 'offset'
  const limit = `#### Rate Limits ####\n\n* Request rate limit: ${rate} \n* Burst limit: ${burst}/sec      \n`
  return {
    ...(deprecated ? { deprecated: true } : {}),
    description: `Field **x** is deprecated.\n\n${rate ? limit : ''}`,
    parameters: fields('query').map(name =>
      isShared(name) ? { $ref: `#/components/parameters/${name}` } : { in: 'query', name },
    ),
    requestBody: json(objectWith(fields('body'))),
    responses: { 200: json(objectWith(fields('answer'))), 400: json(objectWith(['pageToken'])) },
  }
}

/** A request or response whose body is JSON of this schema. */
export function json(schema: Part): Part {
  return { content: { 'application/json; charset=UTF-8': { schema } } }
}

/** The schema of an object with these members; `data.x` is one of the object `data`. */
export function objectWith(names: readonly string[]): Part {
  const own = names.filter(name => !name.includes('.'))
  const wrapped = names.filter(name => name.startsWith('data.')).map(name => name.slice('data.'.length))
  const data = wrapped.length > 0 ? { data: objectWith(wrapped) } : {}
  return { type: 'object', properties: { ...Object.fromEntries(own.map(name => [name, {}])), ...data } }
}
