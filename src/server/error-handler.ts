import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { challengeTo } from '../guard/guard.ts'
import { FORWARDED_METHODS } from '../http/methods.ts'
import { Problem, problemDocument } from '../problem/problem.ts'
import { renderProblem } from '../problem/render.ts'
import { proxyFormHost } from '../request/proxy-form.ts'
import { withoutQuery } from '../request/target.ts'
import { readDestination } from '../request/tenant.ts'
import { asRedlockStatus } from '../upstream-errors/redlock-status.ts'
import { exchangeOf } from './observe.ts'

/** Gives every failure the one shape that failures have, and refuses the methods that are not forwarded. */
export function handleErrors(app: FastifyInstance): void {
  app.addHook('onRequest', ({ method }, reply, done) => {
    if (FORWARDED_METHODS.includes(method)) return done()
    reply.header('allow', FORWARDED_METHODS.join(', '))
    throw notForwarded(method)
  })
  app.setErrorHandler((error, request, reply) => refuse(asProblem(error), request, reply))
  app.setNotFoundHandler((request, reply) => refuse(notServed(request), request, reply))
}

function refuse(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const exchange = exchangeOf(request)
  exchange.failure = problem
  const { requestId } = exchange
  const instance = withoutQuery(request.originalUrl)
  const document = problemDocument(problem, { instance, requestId, compute: isForCompute(request) })
  const { contentType, body } = renderProblem(document, request.headers.accept)
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter)
  // what the upstream says in it reaches the client as it is
  if (!problem.upstream) reply.header('x-redlock-status', asRedlockStatus(problem))
  if (problem.type === 'client-unauthorized') reply.header('www-authenticate', challengeTo(request.raw))
  // as bytes, because to text Fastify adds a charset, which problem documents do not have
  const bytes = Buffer.from(body)
  exchange.bytes = bytes.length
  return reply.code(problem.status).header('vary', 'accept').type(contentType).send(bytes)
}

/** Known of requests too that were refused before anybody asked where they go. */
function isForCompute({ raw, originalUrl }: FastifyRequest): boolean {
  return readDestination({ host: proxyFormHost(raw) ?? raw.headers.host, rawTarget: originalUrl }).compute
}

/** What a client is told of an error. Anything but a problem is a fault of the proxy's own, whose text is for the log alone. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal-error', 'The proxy failed; its log says more under this request id', { cause: error })
}

function notServed({ method, originalUrl }: FastifyRequest): Problem {
  const detail = `Nothing is served at ${method} ${withoutQuery(originalUrl)}: see /_proxy/status, /_proxy/problems/`
  return new Problem('invalid-request', detail, { status: 404, title: 'Not Found' })
}

function notForwarded(method: string): Problem {
  const detail = `The method ${method} is not forwarded`
  return new Problem('invalid-request', detail, { status: 405, title: 'Method Not Allowed' })
}
