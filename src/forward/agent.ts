import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Config } from '../config/config.ts'
import { readPemFile } from '../config/text-file.ts'

/**
 * An idle connection is closed after this many milliseconds, unless the upstream's `Keep-Alive: timeout=` says less:
 * below the 20 s or more after which gateways close theirs, so that they do not close it just as we write.
 */
const KEEP_ALIVE = 10_000

/** The largest block of headers of an answer, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/**
 * The connections to the upstreams: TLS verified, by way of the outbound proxy if there is one; redirects and retries are
 * left to the caller. An http upstream is on this machine, so no proxy leads to it.
 */
export async function createAgent(upstream: Config['upstream']): Promise<Dispatcher> {
  const { caFile, outbound, connectTimeout, headersTimeout, bodyTimeout } = upstream
  const connect = { timeout: connectTimeout, ...(caFile !== null && { secureContext: await trusting(caFile) }) }
  const options = {
    connect,
    requestTls: connect,
    headersTimeout,
    bodyTimeout,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    maxHeaderSize: MAX_HEADER_SIZE,
  }
  if (outbound === null) return new Agent(options)
  return new EnvHttpProxyAgent({ ...options, httpProxy: '', httpsProxy: outbound.url, noProxy: outbound.noProxy })
}

/** Made once: reading the roots again for each connection would cost more than its handshake. */
async function trusting(caFile: string): Promise<SecureContext> {
  return createSecureContext({ ca: [...rootCertificates, await readPemFile(caFile)] })
}
