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

/** What {@link forwardPlugin} needs. */
export interface ForwardPluginOptions {
  readonly forwarder: Forwarder
  readonly clock: Clock
  exchangeOf(request: FastifyRequest): Exchange
}

/**
 * Serves {@link FORWARD_ROUTE} through `@fastify/http-proxy`. The forwarder runs as the plugin's `preHandler`, so that
 * the plugin's own handler, which would needlessly parse three URLs, and `reply.from` are never reached.
 */
export async function forwardPlugin(app: FastifyInstance, options: ForwardPluginOptions): Promise<void> {
  await app.register(httpProxy, {
    // required but unused: the forwarder chooses the destination
    upstream: 'http://upstream.invalid',
    routes: [FORWARD_ROUTE],
    httpMethods: [...FORWARDED_METHODS],
    proxyPayloads: false,
    preHandler: (request, reply, done) => forward(request, reply, done, options),
  })
}

/**
 * Streams request bodies of any type, because Fastify's parsers would read, limit or reject them. If a request has no
 * body, no code may wait for its end.
 */
export function leaveBodiesAlone(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    // Fastify would choose a parser by the type, or respond with 415; the headers to forward come from rawHeaders
    if (raw.headers['content-type'] !== undefined) delete raw.headers['content-type']
    // otherwise Node.js drains the empty request, which is 3 % of the cost of a request, and then keeps the request
    // until the next one on the connection
    if (!hasBody(raw)) raw.read()
    done()
  })
}

/** Forwards a request. Calls `done` with the problem for the client, if there is one. */
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
