import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { challengeTo } from '../guard/guard.ts'
import { FORWARDED_METHODS } from '../http/methods.ts'
import { Problem, problemDocument } from '../problem/problem.ts'
import { renderProblem } from '../problem/render.ts'
import { noteSent } from '../request/exchange.ts'
import { withoutQuery } from '../request/target.ts'
import { asRedlockStatus } from '../upstream-errors/redlock-status.ts'
import { exchangeOf } from './observe.ts'

/** Adds a step that rejects methods that the API does not use: 405 with `Allow`. */
export function refuseOtherMethods(app: FastifyInstance): void {
  app.addHook('onRequest', ({ method }, reply, done) => {
    if (FORWARDED_METHODS.includes(method)) return done()
    reply.header('allow', FORWARDED_METHODS.join(', '))
    throw methodNotAllowed(method)
  })
}

/** Turns every error, and every unknown route, into a problem document. `advice` says which routes there are. */
export function handleErrors(app: FastifyInstance, advice = 'see /_proxy/status or /_proxy/problems/'): void {
  app.setErrorHandler((error, request, reply) => sendProblem(asProblem(error), request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(notFound(request, advice), request, reply))
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const exchange = exchangeOf(request)
  exchange.failure = problem
  const { requestId } = exchange
  const operation = exchange.operation?.template
  const instance = withoutQuery(request.originalUrl)
  // known even if the request was rejected before its tenant was chosen
  const { compute } = exchange.destination
  const document = problemDocument(problem, { instance, requestId, operation, compute })
  const { contentType, body } = renderProblem(document, request.headers.accept)
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter)
  // the upstream's own value is forwarded unchanged
  if (!problem.upstream) reply.header('x-redlock-status', asRedlockStatus(problem))
  if (problem.type === 'client-unauthorized') reply.header('www-authenticate', challengeTo(request.raw))
  // as bytes, because Fastify adds a charset to text, and problem documents have none
  const bytes = Buffer.from(body)
  if (request.method !== 'HEAD') noteSent(exchange, bytes, problem.status)
  return reply.code(problem.status).header('vary', 'accept').type(contentType).send(bytes)
}

/** The problem to send for an error. Any other error is a bug of the proxy, and its message goes only to the log. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal-error', 'Internal error in the proxy; look up this request id in its log', {
    cause: error,
  })
}

function notFound(request: FastifyRequest, advice: string): Problem {
  const { method, path } = exchangeOf(request)
  const detail = `No such page: ${method} ${path}; ${advice}`
  return new Problem('invalid-request', detail, { status: 404, title: 'Not Found' })
}

function methodNotAllowed(method: string): Problem {
  const detail = `Method ${method} is not allowed; use ${FORWARDED_METHODS.join(', ')}`
  return new Problem('invalid-request', detail, { status: 405, title: 'Method Not Allowed' })
}
