// Validates a fault that was requested over HTTP.

import { isObject, type JsonObject } from '../json-value.ts'
import { type Fault, PLAIN_KINDS } from './faults.ts'

const KEYS = ['kind', 'path', 'times', 'status', 'headers', 'body', 'delay']

// RFC 9110, 5.1 and 5.5: valid names and values of header fields.
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const FIELD_VALUE = /^[\t\x20-\x7e]*$/

/**
 * Reads a fault from a JSON value.
 * @throws {TypeError} whose message names the first invalid member
 */
export function readFault(value: unknown): Fault {
  if (!isObject(value)) throw new TypeError('a fault must be a JSON object')
  const unknown = Object.keys(value).find(key => !KEYS.includes(key))
  demand(unknown === undefined, `${unknown}: unknown member; expected one of: ${KEYS.join(', ')}`)
  const scope = { ...readPath(value), ...readTimes(value) }
  if (value.kind === 'status') return { ...scope, kind: 'status', ...readStatus(value) }
  if (value.kind === 'slow') return { ...scope, kind: 'slow', delay: readDelay(value) }
  const kind = PLAIN_KINDS.find(each => each === value.kind)
  if (!kind) throw new TypeError(`kind: expected one of: ${[...PLAIN_KINDS, 'slow', 'status'].join(', ')}`)
  return { ...scope, kind }
}

function demand(met: boolean, otherwise: string): asserts met {
  if (!met) throw new TypeError(otherwise)
}

function readPath({ path }: JsonObject): { path?: string } {
  if (path === undefined) return {}
  demand(typeof path === 'string' && path.startsWith('/'), 'path: must be a string that starts with /')
  return { path }
}

function readTimes({ times }: JsonObject): { times?: number } {
  if (times === undefined) return {}
  if (times === 'always') return { times: Number.POSITIVE_INFINITY }
  demand(isCount(times, 1), 'times: must be an integer of at least 1, or "always"')
  return { times }
}

function readDelay({ delay }: JsonObject): number {
  demand(isCount(delay, 0), 'delay: must be an integer number of milliseconds')
  return delay
}

function readStatus({ status, headers, body }: JsonObject): {
  status: number
  headers?: Record<string, string>
  body?: string
} {
  demand(isCount(status, 200) && status <= 599, 'status: must be an integer from 200 to 599')
  demand(headers === undefined || areHeaders(headers), 'headers: must be an object of header names and string values')
  demand(body === undefined || typeof body === 'string', 'body: must be a string')
  return { status, ...(headers && { headers }), ...(body !== undefined && { body }) }
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least
}

function areHeaders(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.entries(value).every(([name, each]) => TOKEN.test(name) && isFieldValue(each))
}

function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && FIELD_VALUE.test(value)
}
