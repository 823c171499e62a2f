import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Flight } from '../cache/flight.ts'
import type { Config } from '../config/config.ts'
import { hasBody } from '../http/framing.ts'
import { headerText } from '../http/header-text.ts'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import { endpoint } from '../pacing/endpoint.ts'
import type { PacedEndpoint } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { authCallOf } from '../request/auth-call.ts'
import type { Exchange } from '../request/exchange.ts'
import { judgeMethod } from '../request/method-override.ts'
import { proxyFormHost } from '../request/proxy-form.ts'
import type { Readings } from '../request/readings.ts'
import { judgePath, withoutQuery } from '../request/target.ts'
import {
  chooseConsoleOwner,
  chooseOwner,
  chooseTenant,
  type Destination,
  ownersOf,
  type TenantFacts,
} from '../request/tenant.ts'
import { type BodyType, bodyTypeOf } from './content-type.ts'
import type { UpstreamBase } from './location.ts'
import { RequestBody } from './request-body.ts'

/** A request that came in, and where its answer goes. */
export interface IncomingRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The request target as sent. */
  readonly rawTarget: string
  readonly exchange: Exchange
  /** Called once the head of an answer has been written to `response`. */
  takeOver(): void
}

/** The same once it is known where it goes. */
export interface ForwardRequest extends IncomingRequest, Destination {
  readonly tenant: string
  /** What its path may be taken for, behind `/_compute` where it is Compute's, however the client said so. */
  readonly readings: Readings
  /** Which of the calls it is that are answered here, if it is one. */
  readonly authCall: 'login' | 'extend' | undefined
  readonly body: RequestBody | undefined
  /** Whether errors reach the client as they came. */
  readonly passthrough: boolean
  /** What is said of its body. */
  bodyType: BodyType
  /** Whose limit it is held back to. */
  readonly endpoint: PacedEndpoint
  /** Whether it is. */
  readonly paced: boolean
  /** How often it is sent again when the upstream refuses it for now. */
  readonly retries: number
  /** What records the answer for others, if anything does. */
  recorder: Flight<GoodHead> | undefined
}

/** The head of an answer that is kept. */
export interface GoodHead {
  readonly headers: RawHeaders
  readonly home: UpstreamBase
}

/** What of the configuration a journey depends on. */
export type ForwardSettings = Pick<
  Config,
  'tenants' | 'clients' | 'defaultTenant' | 'errors' | 'assumeJson' | 'pacing' | 'replay' | 'retry'
>

export interface ForwardRequestOptions {
  readonly clock: Clock
  /** For the bodies of all requests that are kept. */
  readonly kept: Budget
}

/**
 * For whom a request is, and what it takes along.
 * @throws {Problem} `unknown-tenant` or `invalid-request`
 */
export function planForwardRequest(
  incoming: IncomingRequest,
  config: ForwardSettings,
  options: ForwardRequestOptions,
): ForwardRequest {
  const { request, response, exchange, takeOver } = incoming
  const named = request.headers['x-prismacloud-tenant']?.toString()
  const facts = {
    header: named && headerText(named),
    host: request.headers.host,
    rawTarget: incoming.rawTarget,
  }
  const { tenant, compute, apiTarget, prefix, computeConsole } = chosen(proxyFormHost(request), facts, config)
  exchange.tenant = tenant.name
  const path = withoutQuery(apiTarget)
  const authCall = authCallOf(exchange.method, path, compute)
  const readings = authCall ? { usual: path, all: [path] } : judgePath(path, compute)
  judgeMethod(exchange.method, request.rawHeaders)
  judgeFraming(request)
  if (compute && !prefix.endsWith('/_compute')) exchange.path = `/_compute${path}`
  const { name, limit } = endpoint(exchange.method, readings.usual)
  const body = hasBody(request) ? bodyOf(incoming, config, options) : undefined
  const paced = config.pacing.enabled && request.headers['x-prismacloud-proxy-pacing'] !== 'off'
  return {
    // each by its name: spreading into an object that goes on growing costs microseconds
    request,
    response,
    exchange,
    takeOver,
    compute,
    rawTarget: incoming.rawTarget,
    apiTarget,
    readings,
    tenant: tenant.name,
    authCall,
    prefix,
    computeConsole,
    body,
    passthrough: (request.headers['x-prismacloud-proxy-errors'] ?? config.errors) === 'passthrough',
    bodyType: body && config.assumeJson ? bodyTypeOf(request.rawHeaders) : 'as-sent',
    endpoint: { key: `${tenant.name} ${name}`, declared: limit },
    paced,
    retries: paced ? config.retry.attempts : 0,
    recorder: undefined,
  }
}

/** The body of a request, which is not kept for longer than that takes. */
function bodyOf(
  { request, exchange }: IncomingRequest,
  { replay }: ForwardSettings,
  { clock, kept }: ForwardRequestOptions,
) {
  const body = new RequestBody(request, { clock, keep: replay.maxBody, memory: kept })
  exchange.over.addEventListener('abort', () => body.release())
  return body
}

function chosen(
  host: string | undefined,
  facts: TenantFacts,
  { tenants, defaultTenant }: Pick<Config, 'tenants' | 'defaultTenant'>,
) {
  if (host === undefined) return chooseTenant(facts, tenants, defaultTenant)
  const owners = ownersOf(host, tenants)
  if (owners.size > 0) return chooseOwner(facts, owners, defaultTenant)
  return chooseConsoleOwner({ ...facts, host }, tenants, defaultTenant)
}

/**
 * Only HTTP/1.1 and 1.0 are framed as they are read here. Codings of the transfer but chunked would have to be undone, as
 * they are for one connection (RFC 9112, 6.1).
 */
function judgeFraming({ httpVersionMajor, headers }: IncomingMessage): void {
  if (httpVersionMajor !== 1) {
    const options = { status: 505, title: 'HTTP Version Not Supported' }
    throw new Problem('invalid-request', 'Only HTTP/1.1 and HTTP/1.0 are served', options)
  }
  const coding = headers['transfer-encoding']
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return
  const options = { status: 501, title: 'Not Implemented' }
  throw new Problem('invalid-request', 'The only transfer-encoding that is served is chunked', options)
}
