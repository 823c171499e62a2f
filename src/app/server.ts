import type { IncomingMessage, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { takeAbsoluteForm } from '../request/proxy-form.ts'
import { HEAD_TIMEOUT, LONGEST_HEAD } from '../server/limits.ts'
import { requestId } from '../server/observe.ts'

/** How often connections are checked for requests that have not arrived in time, in milliseconds. */
const CHECK_INTERVAL = 1_000

/** How Node.js reads connections and requests, on every address. */
export const HTTP_OPTIONS = {
  maxHeaderSize: LONGEST_HEAD,
  // the guard refuses requests without a Host
  requireHostHeader: false,
  headersTimeout: HEAD_TIMEOUT,
  connectionsCheckingInterval: CHECK_INTERVAL,
  // how many bytes of a response may wait for the client before the upstream is held back, or of an upload before the
  // client is: the default of Node.js 22. With the 16 KiB of Node.js 20, each piece of a large response has to wait,
  // which costs 25 % of the throughput; on Node.js 20, TLS connections keep that limit
  highWaterMark: 64 * 1024,
  // a stream for the body of a request without one costs 3 % of a request. This option avoids that, so no code may wait
  // for such a stream to end. Node.js 20 ignores the option
  optimizeEmptyRequests: true,
} satisfies ServerOptions & { readonly optimizeEmptyRequests: boolean }

/** What the server calls for each request, and for anything that is not a valid request. */
export interface ServerDeps {
  /** Returns the route that serves a request. */
  route(request: IncomingMessage): string
  /** Responds to anything that is not a valid request. */
  onClientError(error: NodeJS.ErrnoException, socket: Socket): void
}

/** Creates the HTTP server, without any of the steps that a request passes. */
export function createServer({ route, onClientError }: ServerDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: route,
    // the parameters of the proxy's own paths are short, but the router's response to a long one would not be a problem
    // document
    routerOptions: { maxParamLength: LONGEST_HEAD },
    http: HTTP_OPTIONS,
    clientErrorHandler: onClientError,
  })
  app.server.prependListener('request', takeAbsoluteForm)
  // the upstream judges an unknown expectation; Node.js itself would respond 417
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  return app
}
