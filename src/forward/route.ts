import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasBody } from '../http/framing.ts'
import { FORWARDED_METHODS } from '../http/methods.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'
import { FORWARD_ROUTE } from '../request/own-path.ts'
import type { Forwarder } from './forwarder.ts'
import { type ErrorResponse, problemHeaders, problemOfError } from './upstream-error.ts'

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

/** Calls `done` with the problem that the client is to be told of, if there is one. */
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
  const tell = (error: ErrorResponse | undefined) => {
    if (!error) return
    for (const [name, value] of problemHeaders(error)) reply.header(name, value)
    done(problemOfError(error, clock.now()))
  }
  const takeOver = () => void reply.hijack()
  forwarder.forward({ request: request.raw, response: reply.raw, exchange, takeOver }).then(tell).catch(fail)
}
