// What the clients ask for: endpoints of the simulator that no rate limit is declared for, with answers that can be checked.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { between, pick } from '../support/random.js'

/** The sizes of bodies, in bytes. */
const SMALLEST_BODY = 300
const LARGEST_BODY = 40_000

/** Bodies are cut out of this. */
const TEXT = Array.from({ length: 2 * LARGEST_BODY }, (_, index) => ((index * index) % 36).toString(36)).join('')

const LAST_30_DAYS = { type: 'relative', value: { amount: 30, unit: 'day' } }

/**
 * @typedef {object} Answer
 * @property {Record<string, string | string[] | undefined>} headers
 * @property {Buffer} body
 *
 * @typedef {object} Asked
 * @property {'GET' | 'POST'} method
 * @property {string} path
 * @property {string} [body]
 * @property {string} [type] of the body
 * @property {(answer: Answer) => void} check throws when the answer is not the one expected
 */

/** Each makes one request. */
const KINDS = [policies, repositories, download, echo, upload, search]

/**
 * One request of any kind.
 * @returns {Asked}
 */
export function anyRequest(random) {
  return pick(random, KINDS)(random)
}

/** The request that any proxy which works can answer. */
export function policies() {
  return { method: 'GET', path: '/v2/policy', check: answer => assert.equal(json(answer).length, 5) }
}

/** Its token goes into another header than that of the rest. */
function repositories() {
  return { method: 'GET', path: '/code/api/v1/repositories', check: answer => assert.equal(json(answer).length, 3) }
}

function download(random) {
  return {
    method: 'GET',
    path: `/download?bytes=${between(random, SMALLEST_BODY, LARGEST_BODY)}`,
    check: ({ headers, body }) => assert.equal(sha256(body), headers['x-simulator-sha256']),
  }
}

function echo(random) {
  const path = `/echo?of=${between(random, 1, 1_000_000)}`
  const body = JSON.stringify({ text: anyText(random) })
  return {
    method: 'POST',
    path,
    body,
    type: 'application/json',
    check(answer) {
      const echoed = json(answer)
      assert.deepEqual([echoed.method, echoed.url, echoed.body], ['POST', path, digest(body)])
    },
  }
}

function upload(random) {
  const body = anyText(random)
  return {
    method: 'POST',
    path: '/upload',
    body,
    type: 'text/plain',
    check: answer => assert.deepEqual(json(answer), digest(body)),
  }
}

/** A body that the API reads, and an answer of some tens of KB. */
function search(random) {
  return {
    method: 'POST',
    path: '/search/config',
    body: JSON.stringify({ query: `config from cloud.resource where ${anyText(random)}`, timeRange: LAST_30_DAYS }),
    type: 'application/json',
    check: answer => assert.equal(json(answer).data.items.length, 250),
  }
}

function anyText(random) {
  const length = between(random, SMALLEST_BODY, LARGEST_BODY)
  const start = between(random, 0, TEXT.length - length)
  return TEXT.slice(start, start + length)
}

function json({ body }) {
  return JSON.parse(body.toString())
}

function digest(text) {
  return { bytes: text.length, sha256: sha256(text) }
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
