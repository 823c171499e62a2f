import type { FastifyReply, FastifyRequest } from 'fastify'
import { wantsHtml } from '../request/own-path.ts'

/** Where the proxy is, as the client that asks has it: scheme, host and port. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`
}

/** Says that an answer depends on `Accept`, and whether that asks for a page. */
export function varyByAccept({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  reply.header('vary', 'accept')
  return wantsHtml(headers.accept)
}

/** Sends a page as HTML. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page)
}
