import type { FastifyReply, FastifyRequest } from 'fastify'
import { wantsHtml } from '../request/own-path.ts'

/** Returns the origin at which the client reaches the proxy: scheme, host and port. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`
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
