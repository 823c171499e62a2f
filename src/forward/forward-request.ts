import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Flight } from '../cache/flight.ts'
import type { Config } from '../config/config.ts'
import { hasBody } from '../http/framing.ts'
import { isIdempotent } from '../http/methods.ts'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { Operation } from '../operations/operation.ts'
import { OPERATIONS } from '../operations/operations.ts'
import { endpoint } from '../pacing/endpoint.ts'
import type { PacedEndpoint } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { authCallOf } from '../request/auth-call.ts'
import type { Destination } from '../request/destination.ts'
import { effectOf } from '../request/effect.ts'
import type { Exchange } from '../request/exchange.ts'
import { judgeMethod } from '../request/method-override.ts'
import type { Readings } from '../request/readings.ts'
import { judgePath, namedPath, withoutQuery } from '../request/target.ts'
import type { TenantDestination } from '../request/tenant.ts'
import type { Repeating } from '../retry/retry-policy.ts'
import { type BodyType, bodyTypeOf } from './headers/content-type.ts'
import type { UpstreamBase } from './headers/location.ts'
import type { RequestBody } from './request-body.ts'

/** A client's request, and the response to write to. */
export interface ClientRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly exchange: Exchange
  /** Called once the head of a response has been written to `response`. */
  takeOver(): void
}

/** How to forward a request: everything that its head and the configuration determine. */
export interface ForwardPlan extends Destination {
  /** The name of the tenant that the request is for. */
  readonly tenant: string
  /**
   * The ways in which the API may read the path. For Compute they start with `/_compute`, however the client selected
   * it.
   */
  readonly readings: Readings
  /** The operation of the API that the request is for, if a description has it. */
  readonly operation: Operation | undefined
  /** Which auth call the request is, if any. The proxy responds to auth calls itself. */
  readonly authCall: 'login' | 'extend' | undefined
  /** Whether error responses reach the client unchanged instead of as problem documents. */
  readonly passthrough: boolean
  /** How to label the body; `as-it-looks` until its first bytes have arrived. */
  readonly bodyType: BodyType
  /** The endpoint whose rate limit applies to the request. */
  readonly endpoint: PacedEndpoint
  /** Whether the request must observe the rate limit of its endpoint. */
  readonly paced: boolean
  /** How many times optional rules may retry the request. */
  readonly retryAttempts: number
}

/** A request on its way through the forwarder. */
export interface ForwardRequest extends ClientRequest {
  readonly plan: ForwardPlan
  readonly body: RequestBody | undefined
  /** How to label the body: as in the plan, until the first bytes of the body have settled it. */
  bodyType: BodyType
  /** Records the response for other requests that wait for it. Undefined if none may share it. */
  recorder: Flight<GoodHead> | undefined
}

/** The head of a cached response, and where the response came from. */
export interface GoodHead {
  readonly headers: RawHeaders
  readonly base: UpstreamBase
}

/** The part of the configuration that plans depend on. */
export type PlanSettings = Pick<Config, 'errors' | 'assumeJson' | 'pacing' | 'retry'>

/**
 * Plans how to forward a request to the tenant and API chosen for it.
 * @throws {Problem} `invalid-request` if the request cannot be forwarded as it is; `policy-denied` if some server may
 *   take it for an auth call
 */
export function planForward(
  request: IncomingMessage,
  method: string,
  { tenant, destination }: TenantDestination<{ readonly name: string }>,
  { errors, assumeJson, pacing, retry }: PlanSettings,
): ForwardPlan {
  const { compute, apiTarget, prefix, computeConsole } = destination
  const path = withoutQuery(apiTarget)
  const authCall = authCallOf(method, path, compute)
  const readings = authCall ? readingsOfAuthCall(path, compute) : judgePath(path, compute)
  judgeMethod(method, request.rawHeaders)
  judgeFraming(request)
  const operation = OPERATIONS.find(method, readings.usual)
  const { name, limit } = endpoint(method, readings.usual, operation)
  const paced = pacing.enabled && request.headers['x-prismacloud-proxy-pacing'] !== 'off'
  return {
    compute,
    apiTarget,
    prefix,
    computeConsole,
    tenant: tenant.name,
    readings,
    operation,
    authCall,
    passthrough: (request.headers['x-prismacloud-proxy-errors'] ?? errors) === 'passthrough',
    bodyType: assumeJson && hasBody(request) ? bodyTypeOf(request.rawHeaders) : 'as-sent',
    endpoint: { key: `${tenant.name} ${name}`, declared: limit },
    paced,
    retryAttempts: paced ? retry.attempts : 0,
  }
}

/** The only reading of the path of an auth call, which the proxy recognizes by its exact spelling. */
function readingsOfAuthCall(path: string, compute: boolean): Readings {
  const only = namedPath(path, compute)
  return { usual: only, all: [only] }
}

/** Whether a request can be sent again: it has no body, or its whole body is still available. */
export function isBodyKept({ body }: ForwardRequest): boolean {
  return body === undefined || body.replayable
}

/** The effect of repeating a request, judged by its method and every way in which the API may read its path. */
export function repeatingOf({ exchange: { method }, plan }: ForwardRequest): Repeating {
  if (effectOf(method, plan.readings.all) === 'read') return 'reads'
  return isIdempotent(method) ? 'idempotent' : 'changes'
}

/**
 * Rejects a request whose framing is not supported: the proxy reads only that of HTTP/1.1 and 1.0. Transfer codings
 * other than chunked would have to be decoded, because they apply to a single connection (RFC 9112, 6.1).
 */
function judgeFraming({ httpVersionMajor, headers }: IncomingMessage): void {
  if (httpVersionMajor !== 1) {
    const options = { status: 505, title: 'HTTP Version Not Supported' }
    throw new Problem('invalid-request', 'Only HTTP/1.1 and HTTP/1.0 are supported', options)
  }
  const coding = headers['transfer-encoding']
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return
  const options = { status: 501, title: 'Not Implemented' }
  throw new Problem('invalid-request', 'The only supported transfer-encoding is chunked', options)
}
