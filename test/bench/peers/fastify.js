// Plain @fastify/http-proxy, as it is set up by default, but for the certificate, which it would not look at.
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { CA, HEADERS, PORT, UPSTREAM } from './setting.js'

const server = Fastify({ logger: false })
await server.register(httpProxy, {
  upstream: UPSTREAM,
  undici: { connect: { ca: CA, rejectUnauthorized: true } },
  replyOptions: { rewriteRequestHeaders: (_request, headers) => ({ ...headers, ...HEADERS }) },
})
await server.listen({ port: PORT, host: '127.0.0.1' })
