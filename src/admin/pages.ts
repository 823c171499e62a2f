import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../problem/problem.ts'
import { wantsHtml } from '../request/own-path.ts'
import { exchangeOf } from '../server/observe.ts'

/** Returns the origin at which the client reaches the proxy: scheme, host and port. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`
}

/**
 * Checks that a request was sent to the address of the proxy itself.
 * @throws {Problem} `invalid-request` if it came through CONNECT or in absolute form: an API host that a page or tool
 *   talks to must not show what the proxy knows
 */
export function requireOwnAddress(request: FastifyRequest): void {
  if (exchangeOf(request).proxyHost !== undefined)
    throw new Problem('invalid-request', 'Requests are shown only at the address of the proxy itself')
}

/** Declares that the response varies by `Accept`, and returns whether the client prefers HTML. */
export function varyByAccept({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  reply.header('vary', 'accept')
  return wantsHtml(headers.accept)
}

/** Sends an HTML page with its media type. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page)
}
