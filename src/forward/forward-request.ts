import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Flight } from '../cache/flight.ts'
import type { Config } from '../config/config.ts'
import { hasBody } from '../http/framing.ts'
import { isIdempotent } from '../http/methods.ts'
import type { RawHeaders } from '../http/raw-headers.ts'
import { endpoint } from '../pacing/endpoint.ts'
import type { PacedEndpoint } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { authCallOf } from '../request/auth-call.ts'
import type { Destination } from '../request/destination.ts'
import type { Exchange } from '../request/exchange.ts'
import { judgeMethod } from '../request/method-override.ts'
import { onlyReads } from '../request/read-only.ts'
import type { Readings } from '../request/readings.ts'
import { judgePath, withoutQuery } from '../request/target.ts'
import type { TenantDestination } from '../request/tenant.ts'
import type { Repeating } from '../retry/retry-policy.ts'
import { type BodyType, bodyTypeOf } from './headers/content-type.ts'
import type { UpstreamBase } from './headers/location.ts'
import type { RequestBody } from './request-body.ts'

/** A request of a client, and where its response goes. */
export interface ClientRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly exchange: Exchange
  /** Called once the head of a response has been written to `response`. */
  takeOver(): void
}

/** What a request is forwarded as: all that its head and the configuration decide. */
export interface ForwardPlan extends Destination {
  /** The name of the tenant that it is for. */
  readonly tenant: string
  /** The paths that the API may take its path for, behind `/_compute` for Compute, however the client said so. */
  readonly readings: Readings
  /** The auth call that it is, if it is one: those are answered here. */
  readonly authCall: 'login' | 'extend' | undefined
  /** Whether errors reach the client as they came, rather than as problem documents. */
  readonly passthrough: boolean
  /** How its body is labelled; `as-it-looks` until the first bytes are there. */
  readonly bodyType: BodyType
  /** Whose rate limit it is held back to. */
  readonly endpoint: PacedEndpoint
  /** Whether it is held back to a rate limit at all. */
  readonly paced: boolean
  /** How often it is retried by optional rules. */
  readonly retryAttempts: number
}

/** A request on its way through the forwarder. */
export interface ForwardRequest extends ClientRequest {
  readonly plan: ForwardPlan
  readonly body: RequestBody | undefined
  /** As in the plan, once the body has been looked at. */
  bodyType: BodyType
  /** Records the response for others who wait for it, if anyone may. */
  recorder: Flight<GoodHead> | undefined
}

/** The head of a response that is kept in the cache, and where it came from. */
export interface GoodHead {
  readonly headers: RawHeaders
  readonly base: UpstreamBase
}

/** The part of the configuration that plans depend on. */
export type PlanSettings = Pick<Config, 'errors' | 'assumeJson' | 'pacing' | 'retry'>

/**
 * Plans how a request is forwarded to the tenant and API that were chosen for it.
 * @throws {Problem} `invalid-request` for what is not forwarded as it is; `policy-denied` for what some server may take for
 *   an auth call
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
  const readings = authCall ? { usual: path, all: [path] } : judgePath(path, compute)
  judgeMethod(method, request.rawHeaders)
  judgeFraming(request)
  const { name, limit } = endpoint(method, readings.usual)
  const paced = pacing.enabled && request.headers['x-prismacloud-proxy-pacing'] !== 'off'
  return {
    compute,
    apiTarget,
    prefix,
    computeConsole,
    tenant: tenant.name,
    readings,
    authCall,
    passthrough: (request.headers['x-prismacloud-proxy-errors'] ?? errors) === 'passthrough',
    bodyType: assumeJson && hasBody(request) ? bodyTypeOf(request.rawHeaders) : 'as-sent',
    endpoint: { key: `${tenant.name} ${name}`, declared: limit },
    paced,
    retryAttempts: paced ? retry.attempts : 0,
  }
}

/** Whether all of a request is still there to be sent again. */
export function isBodyKept({ body }: ForwardRequest): boolean {
  return body === undefined || body.replayable
}

/** What repeating a request does, by its method and every path that the API may take its path for. */
export function repeatingOf({ exchange: { method }, plan }: ForwardRequest): Repeating {
  if (plan.readings.all.every(path => onlyReads(method, path))) return 'reads'
  return isIdempotent(method) ? 'idempotent' : 'changes'
}

/**
 * Only HTTP/1.1 and 1.0 are framed as they are read here. Transfer codings other than chunked would have to be decoded, as
 * they are meant for one connection (RFC 9112, 6.1).
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
