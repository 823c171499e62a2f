import { STATUS_CODES } from 'node:http'
import { headerText } from '../http/header-text.ts'
import { firstValue, type Headers } from '../http/headers.ts'
import { MAX_RETRY_AFTER, parseRetryAfter } from '../http/retry-after.ts'
import { problemTypes } from '../problem/catalogue.ts'
import { Problem, type UpstreamError } from '../problem/problem.ts'
import { oneLine } from '../problem/text.ts'
import { readBody, type UpstreamBody } from './body.ts'
import { describeBody, describeErrors, type NearMisses, withNearMisses } from './describe.ts'
import { redlockStatus } from './redlock-status.ts'
import { problemTitle, readErrors } from './shapes.ts'

/** A response with an error status, as received. */
export interface UpstreamResponse {
  /** The host that sent it. */
  readonly host: string
  /** The status code, 400 or above. */
  readonly status: number
  readonly headers: Headers
  /** The body as received, possibly compressed. */
  readonly body: Buffer
  /** False if the body was truncated, or too large or too slow to be read to its end. */
  readonly complete: boolean
  /** Whether a retry of the request is safe and may succeed, as the caller decided. */
  readonly retryable: boolean
  /** What the request was probably meant for, if the API does not describe it and something is near. */
  readonly nearMisses?: NearMisses | undefined
}

/** The maximum size of `upstream.body` in a problem document, in characters of JSON. */
const MAX_BODY = 16 * 1024
/** The maximum depth of `upstream.body`: JSON.stringify overflows the stack at some thousand levels. */
const MAX_DEPTH = 64
const MAX_REQUEST_ID = 200

/**
 * Turns an error response of the upstream, in whatever shape, into an `upstream-error` problem with the status kept.
 * `now` is the wall time in milliseconds. Never throws, whatever the upstream sent.
 */
export function readUpstream(response: UpstreamResponse, now: number): Problem {
  const { host, status, headers, complete, retryable, nearMisses } = response
  const body = readBody(response.body, headers)
  const value = jsonOf(body)
  const errors = errorsOf(headers, value)
  const title = problemTitle(value)
  const publicBody = documentBody(body)
  const retryAfter = parseRetryAfter(headers['retry-after'], now) ?? defaultRetryAfter(status, headers)
  const description = errors.length > 0 ? describeErrors(errors) : describeBody(body, complete)
  return new Problem('upstream-error', nearMisses ? withNearMisses(description, nearMisses) : description, {
    status,
    title: title ?? STATUS_CODES[status] ?? problemTypes['upstream-error'].title,
    retryable,
    ...(retryAfter !== undefined && { retryAfter }),
    upstream: { host, status, requestId: requestId(headers), errors, body: publicBody },
    members: {
      ...(title !== null && (publicBody as Record<string, unknown>)),
      ...(nearMisses && { didYouMean: nearMisses.operations }),
    },
  })
}

/** Reads only the errors that {@link readUpstream} would report. */
export function readUpstreamErrors({ headers, body }: Pick<UpstreamResponse, 'headers' | 'body'>) {
  return errorsOf(headers, jsonOf(readBody(body, headers)))
}

function jsonOf(body: UpstreamBody): unknown {
  return body.kind === 'json' ? body.value : undefined
}

function errorsOf(headers: Headers, value: unknown): readonly UpstreamError[] {
  const inHeader = redlockStatus(headers['x-redlock-status'])
  return inHeader.length > 0 ? inHeader : readErrors(value)
}

// A rate limit's bucket has room for another request after 1/rate seconds. Without a rate, wait one second.
function defaultRetryAfter(status: number, headers: Headers): number | undefined {
  if (status !== 429 && status !== 503) return undefined
  const requestsPerSecond = Number(firstValue(headers['x-ratelimit-replenish-rate']))
  return requestsPerSecond > 0 ? Math.max(1, Math.min(MAX_RETRY_AFTER, Math.ceil(1 / requestsPerSecond))) : 1
}

function requestId(headers: Headers): string | null {
  const ids = [headers['x-redlock-request-id'], headers['trace-id']].map(id =>
    oneLine(headerText(firstValue(id) ?? ''), MAX_REQUEST_ID),
  )
  return ids.find(id => id !== '') ?? null
}

function documentBody(body: UpstreamBody): unknown {
  if (body.kind === 'text') return body.text.length <= MAX_BODY ? body.text : null
  if (body.kind !== 'json' || !isShallow(body.value, MAX_DEPTH)) return null
  return JSON.stringify(body.value).length <= MAX_BODY ? body.value : null
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every(inner => isShallow(inner, levels - 1))
}
