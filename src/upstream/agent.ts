import * as tls from 'node:tls'
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Config } from '../config/config.ts'
import { proxyFor } from '../config/outbound.ts'
import { readPemFile } from '../config/text-file.ts'
import { errorCodes, OutboundProxyError } from '../kernel/network-error.ts'
import { FreshConnections, UNKEPT } from './fresh-connections.ts'
import { type Carrier, type OlderHandler, PassingHandler } from './handler.ts'
import { KeptConnections } from './kept-connections.ts'

/**
 * An idle connection is closed after this many milliseconds, unless the upstream's `Keep-Alive: timeout=` says less:
 * below the 20 s or more after which gateways close theirs, so that they do not close it just as we write.
 */
const KEEP_ALIVE = 10_000

/** The largest block of headers of an answer, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/** The ways to the upstreams. */
export interface Agents {
  /** Keeps its connections for the requests to come. */
  readonly kept: Carrier
  /** Opens a connection for each request. */
  readonly fresh: Carrier
}

export async function createAgents(upstream: Config['upstream']): Promise<Agents> {
  const options = await optionsOf(upstream)
  if (upstream.outbound === null) return { kept: new KeptConnections(options), fresh: new FreshConnections(options) }
  // each connection is a tunnel, which undici's agent knows to make
  return { kept: agentWith(options, upstream), fresh: agentWith({ ...options, ...UNKEPT }, upstream) }
}

/**
 * The connections to the upstreams: TLS verified, by way of the outbound proxy if there is one; redirects and retries are
 * left to the caller. An http upstream is on this machine, so no proxy leads to it.
 */
export async function createAgent(upstream: Config['upstream']): Promise<Dispatcher> {
  return agentWith(await optionsOf(upstream), upstream)
}

async function optionsOf({ caFile, connectTimeout, headersTimeout, bodyTimeout }: Config['upstream']) {
  const connect = { timeout: connectTimeout, ...(caFile !== null && { secureContext: await trusting(caFile) }) }
  return {
    connect: tellingResets(buildConnector(connect)),
    requestTls: connect,
    headersTimeout,
    bodyTimeout,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    maxHeaderSize: MAX_HEADER_SIZE,
  }
}

/**
 * An answer that ends with its connection is cut off by a reset (RFC 9112, 8), which undici takes for its end: by the code
 * of the error, so resets get the one that undici has for other broken connections.
 */
function tellingResets(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...made) => {
      const [, socket] = made
      socket?.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
      })
      done(...made)
    })
}

function agentWith(options: EnvHttpProxyAgent.Options, { outbound }: Config['upstream']): Dispatcher {
  if (outbound === null) return new Agent(options)
  const agent = new EnvHttpProxyAgent({
    ...options,
    httpProxy: '',
    httpsProxy: outbound.url,
    noProxy: outbound.noProxy,
  })
  return agent.compose(dispatch => (options, handler) => {
    const proxy = proxyFor(new URL(`${options.origin}`), outbound)
    return dispatch(options, proxy ? new ProxyBlamer(handler as OlderHandler, proxy.host) : handler)
  })
}

/** What this process trusts, with NODE_EXTRA_CA_CERTS where Node.js tells of them (22.15 and later). */
export const { getCACertificates: trustedByDefault = () => tls.rootCertificates } = tls as {
  readonly getCACertificates?: () => readonly string[]
}

/** Made once: reading the roots again for each connection would cost more than its handshake. */
async function trusting(caFile: string): Promise<tls.SecureContext> {
  return tls.createSecureContext({ ca: [...trustedByDefault(), await readPemFile(caFile)] })
}

/** Errors of connecting, which by way of a proxy are about the proxy. */
const CONNECTING = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** How undici tells that a proxy made no tunnel. */
const NO_TUNNEL = /^Proxy response \((\d+)\)/

/** Has an error name the outbound proxy where that is at fault. */
class ProxyBlamer extends PassingHandler {
  readonly #proxy: string

  constructor(handler: OlderHandler, proxy: string) {
    super(handler)
    this.#proxy = proxy
  }

  override onError(error: Error): void {
    const status = NO_TUNNEL.exec(error.message)?.[1]
    const isProxys = status !== undefined || errorCodes(error).some(code => CONNECTING.has(code))
    super.onError(isProxys ? new OutboundProxyError(this.#proxy, status ? Number(status) : null, error) : error)
  }
}
