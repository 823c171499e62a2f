import { parseRule } from '../config/policy.ts'

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Lists and searches that take their filters in the body: "You can retrieve certain resources through either a GET or a
 * POST" (the API's documentation). Any other POST may write.
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

/** The paths of Compute. It is unknown which of its POSTs only read. */
const OF_COMPUTE = /^\/_compute\//

/** Whether a request only reads. `path` is one of its readings. A request not known to read is taken to write. */
export function onlyReads(method: string, path: string): boolean {
  if (READING_METHODS.has(method)) return true
  return method === 'POST' && !OF_COMPUTE.test(path) && READING_POSTS.some(pattern => pattern.test(path))
}
