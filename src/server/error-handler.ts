import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { challengeTo } from '../guard/guard.ts'
import { FORWARDED_METHODS } from '../http/methods.ts'
import { Problem, problemDocument } from '../problem/problem.ts'
import { renderProblem } from '../problem/render.ts'
import { withoutQuery } from '../request/target.ts'
import { asRedlockStatus } from '../upstream-errors/redlock-status.ts'
import { exchangeOf } from './observe.ts'

/** Refuses requests with a method that the API does not know. */
export function refuseOtherMethods(app: FastifyInstance): void {
  app.addHook('onRequest', ({ method }, reply, done) => {
    if (FORWARDED_METHODS.includes(method)) return done()
    reply.header('allow', FORWARDED_METHODS.join(', '))
    throw notForwarded(method)
  })
}

/** Gives every failure the one shape that failures have: a problem document. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => refuse(asProblem(error), request, reply))
  app.setNotFoundHandler((request, reply) => refuse(notServed(request), request, reply))
}

function refuse(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const exchange = exchangeOf(request)
  exchange.failure = problem
  const { requestId } = exchange
  const instance = withoutQuery(request.originalUrl)
  // known even of a request that was refused before its tenant was chosen
  const { compute } = exchange.destination
  const document = problemDocument(problem, { instance, requestId, compute })
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
