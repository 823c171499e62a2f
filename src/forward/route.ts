import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasBody } from '../http/framing.ts'
import { FORWARDED_METHODS } from '../http/methods.ts'
import { headersByName } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'
import { FORWARD_ROUTE } from '../request/own-path.ts'
import type { Forwarder } from './forwarder.ts'
import { clientHeaders } from './headers.ts'
import { type ErrorResponse, readErrorResponse } from './upstream-error.ts'

/** Describes a body that a problem document takes the place of; a 416's `content-range` is of what was asked for. */
const OF_THE_BODY = /^(content-(?!range$)|etag$|last-modified$|accept-ranges$|date$)/

export interface ForwardPluginOptions {
  readonly forwarder: Forwarder
  readonly clock: Clock
  exchangeOf(request: FastifyRequest): Exchange
}

/**
 * Serves {@link FORWARD_ROUTE} through `@fastify/http-proxy`. Ours is its `preHandler`, so that neither its own handler,
 * which would take three URLs apart to no end, nor `reply.from` is reached.
 */
export async function forwardPlugin(app: FastifyInstance, options: ForwardPluginOptions): Promise<void> {
  await app.register(httpProxy, {
    // required, and not used: the forwarder knows where to go
    upstream: 'http://upstream.invalid',
    routes: [FORWARD_ROUTE],
    httpMethods: [...FORWARDED_METHODS],
    proxyPayloads: false,
    preHandler: (request, reply, done) => forward(request, reply, done, options),
  })
}

/**
 * Has bodies streamed, whatever they are declared to be; Fastify's parsers would read, bound or refuse them. Nobody may
 * wait for the end of a request without a body.
 */
export function leaveBodiesAlone(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    // by its type a body would find one of Fastify's own parsers, or 415; what is forwarded comes from rawHeaders
    if (raw.headers['content-type'] !== undefined) delete raw.headers['content-type']
    // else Node.js empties the request, though there is nothing in it, which costs a thirtieth of all that a request does.
    // It keeps the request until the next on that connection then
    if (!hasBody(raw)) raw.read()
    done()
  })
}

/** Calls `done` with what is to be told to the client, if anything is. */
function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error: Error) => void,
  { forwarder, clock, exchangeOf }: ForwardPluginOptions,
): void {
  const exchange = exchangeOf(request)
  const fail = (error: Error) => {
    if (!reply.raw.headersSent && !exchange.over.aborted) return done(error)
    if (error instanceof Problem) exchange.failure = error
    reply.hijack()
    reply.raw.destroy()
  }
  const incoming = {
    request: request.raw,
    response: reply.raw,
    rawTarget: request.originalUrl,
    exchange,
    takeOver: () => void reply.hijack(),
  }
  const tell = (refusal: ErrorResponse | undefined) => {
    if (refusal) done(upstreamProblem(refusal, reply, clock.now()))
  }
  forwarder.forward(incoming).then(tell).catch(fail)
}

/** The upstream's error as a problem; its headers still reach the client, less those of the body that is replaced. */
function upstreamProblem(refusal: ErrorResponse, reply: FastifyReply, now: number): Problem {
  const { home, answer } = refusal
  for (const [name, value] of Object.entries(headersByName(clientHeaders(answer.headers, home)))) {
    if (!OF_THE_BODY.test(name)) reply.header(name, value)
  }
  return readErrorResponse(refusal, now)
}
