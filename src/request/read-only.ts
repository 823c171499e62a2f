import { parseRule } from '../config/policy.ts'

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * "You can retrieve certain resources through either a GET or a POST" (the API's documentation): lists and searches whose
 * filters are a body. A path that is not here may change something.
 */
const READING_POSTS = [
  '/alert',
  '/v2/alert',
  '/alert/policy',
  '/v2/alert/policy',
  '/alert/count/policy',
  '/search',
  '/search/config',
  '/search/config/page',
  '/search/event',
  '/search/event/page',
  '/search/network',
  '/search/suggest',
  '/inventory',
  '/v2/inventory',
  '/v3/inventory',
  '/filter/**/suggest',
  '/compliance/posture',
  '/compliance/posture/**',
  '/v2/compliance/posture',
  '/v2/compliance/posture/**',
  '/audit/api/v1/log',
  '/**/query',
  '/**/search',
  '/**/filter/suggest',
].map(path => parseRule(path).path)

/** Compute's POSTs are not known. */
const OF_COMPUTE = /^\/_compute\//

/** Whether a request for a path as rules see it only reads. What is not known to is taken to write. */
export function onlyReads(method: string, path: string): boolean {
  if (READING_METHODS.has(method)) return true
  return method === 'POST' && !OF_COMPUTE.test(path) && READING_POSTS.some(pattern => pattern.test(path))
}
