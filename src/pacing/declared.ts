import type { Rate } from './limit.ts'

/** An endpoint with a rate limit in the API documentation (pan.dev, Prisma Cloud API). */
export interface DeclaredEndpoint {
  /** The method and the path template, such as `GET /alert/{id}`. */
  readonly name: string
  readonly limit: Rate
}

/** The seconds in a minute. */
const MINUTE = 60

/**
 * The documented limits: requests per second, burst, endpoints. If two templates match a path, the first one applies.
 */
const LIMITS: readonly (readonly [rate: number, burst: number, ...endpoints: string[]])[] = [
  [2, 10, 'GET /alert', 'GET /v2/alert', 'POST /v2/alert', 'GET /alert/count/{status}', 'POST /alert/jobs'],
  [1, 5, 'GET /alert/policy', 'POST /alert/policy/jobs'],
  [5, 10, 'GET /alert/{id}'],
  [32, 32, 'GET /cloud/group', 'GET /cloud/group/name'],
  [4, 4, 'GET /cloud/group/name/{cloud_type}'],
  [80, 80, 'GET /cloud/group/{id}'],
  [8, 8, 'GET /entitlement/api/v1/collection/{id}'],
  [4, 4, 'GET /entitlement/api/v1/collection'],
  [80, 80, 'GET /v1/resource_list'],
  [4, 4, 'GET /v1/resource_list/types', 'GET /v1/resource_list/{id}'],
  [10, 10, 'POST /audit/api/v1/log', 'POST /audit/api/v1/filter/suggest'],
  [80 / MINUTE, 80, 'GET /config/api/v1/tenant/{prisma_id}/archiveList'],
]

/** The limits by method and first path segment, so that most requests need not be matched against any pattern. */
const byRoot = new Map<string, { readonly pattern: RegExp; readonly endpoint: DeclaredEndpoint }[]>()

for (const [rate, burst, ...names] of LIMITS) {
  for (const name of names) {
    const pattern = new RegExp(`^${name.replace(/\{\w+\}/g, '[^/]+')}$`, 'i')
    const root = rootOf(name)
    byRoot.set(root, [...(byRoot.get(root) ?? []), { pattern, endpoint: { name, limit: { rate, burst } } }])
  }
}

/**
 * Returns the endpoint of a request (`GET /alert/7`, path in lower case and without query), if it has a documented
 * limit.
 */
export function declaredEndpoint(request: string): DeclaredEndpoint | undefined {
  return byRoot.get(rootOf(request))?.find(({ pattern }) => pattern.test(request))?.endpoint
}

function rootOf(request: string): string {
  const end = request.indexOf('/', request.indexOf('/') + 1)
  return end < 0 ? request : request.slice(0, end)
}
