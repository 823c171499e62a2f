import type { IncomingMessage, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { takeAbsoluteForm } from '../request/proxy-form.ts'
import { HEAD_TIMEOUT } from '../server/limits.ts'
import { requestId } from '../server/observe.ts'

/** The largest block of headers of a request, in bytes: a long query that is encoded twice fits. */
const MAX_HEADER_SIZE = 64 * 1024

/** How often connections are checked for requests that do not arrive, in milliseconds. */
const CHECK_INTERVAL = 1_000

/** How Node.js reads connections and requests, at every address. */
export const HTTP_OPTIONS = {
  maxHeaderSize: MAX_HEADER_SIZE,
  // a missing Host is for the guard to refuse
  requireHostHeader: false,
  headersTimeout: HEAD_TIMEOUT,
  connectionsCheckingInterval: CHECK_INTERVAL,
  // bytes that wait for a client before the upstream is held back, or of an upload before the client is: the default of
  // Node.js 22. With the 16 KiB of Node.js 20 each piece of a large response waits, which costs 25 % of the throughput;
  // connections with TLS keep to that there
  highWaterMark: 64 * 1024,
  // streams of requests without a body cost 3 % of a request; no code may wait for the end of one then. Node.js 20 ignores it
  optimizeEmptyRequests: true,
} satisfies ServerOptions & { readonly optimizeEmptyRequests: boolean }

/** What the server calls for each request, and for what is no valid request. */
export interface ServerDeps {
  /** The route by which a request is served. */
  route(request: IncomingMessage): string
  /** Responds to what is no valid request. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void
}

/** Creates the HTTP server, without any step that a request passes. */
export function createServer({ route, onClientError }: ServerDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: route,
    // the proxy's own paths have short names, but a router's response to a long one would be no problem document
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    http: HTTP_OPTIONS,
    clientErrorHandler: onClientError,
  })
  app.server.prependListener('request', takeAbsoluteForm)
  // an unknown expectation is for the upstream to judge; Node.js would respond 417 by itself
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  return app
}
