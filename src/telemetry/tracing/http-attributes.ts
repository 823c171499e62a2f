import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { bareHost } from '../../http/host.ts'
import type { Operation } from '../../operations/operation.ts'
import type { Attributes } from './span.ts'

/** The methods that spans may name (RFC 9110, RFC 5789): any other one could be anything. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'])

const HTTPS_PORT = 443
const HTTP_PORT = 80

interface Server {
  readonly address: string
  readonly port: number
}

/** The servers of origins. Parsing a URL takes microseconds, and there are few. */
const servers = new LRUCache<string, Server>({ max: 1_000 })

/** The host and port at the end of a `Host` header; an IPv6 address is in brackets. */
const HOST = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/

/**
 * The name of the span of a request: its method and the path template of its operation. Both have few values, so that
 * traces can be grouped by name.
 */
export function nameOf(method: string, operation: Operation | undefined): string {
  const known = METHODS.has(method) ? method : 'HTTP'
  return operation ? `${known} ${operation.template}` : known
}

/** Adds the method of a request, whatever a client made up. */
export function addMethod(attributes: Attributes, method: string): void {
  attributes['http.request.method'] = METHODS.has(method) ? method : '_OTHER'
  if (!METHODS.has(method)) attributes['http.request.method_original'] = method
}

/** Adds the server that a request was sent to. */
export function addServer(attributes: Attributes, origin: string): void {
  const { address, port } = serverAt(origin)
  attributes['server.address'] = address
  attributes['server.port'] = port
}

/** Adds an attribute, unless it has no value. */
export function add(attributes: Attributes, name: string, value: string | number | null | undefined): void {
  if (value !== null && value !== undefined) attributes[name] = value
}

/** Adds what a client's request says about itself; `clean` removes secrets from what the client wrote. */
export function addClient(
  attributes: Attributes,
  { headers, httpVersion, socket }: IncomingMessage,
  proxyHost: string | undefined,
  clean: (text: string) => string | null,
): void {
  const [, host, port] = HOST.exec(proxyHost ?? headers.host ?? '') ?? []
  const userAgent = headers['user-agent']
  attributes['url.scheme'] = 'encrypted' in socket ? 'https' : 'http'
  if (host) add(attributes, 'server.address', clean(bareHost(host)))
  if (port) attributes['server.port'] = Number(port)
  add(attributes, 'client.address', socket.remoteAddress)
  attributes['network.protocol.version'] = httpVersion
  if (userAgent) add(attributes, 'user_agent.original', clean(userAgent))
}

function serverAt(origin: string): Server {
  const known = servers.get(origin)
  if (known) return known
  const { hostname, port, protocol } = new URL(origin)
  const usual = protocol === 'https:' ? HTTPS_PORT : HTTP_PORT
  const server = { address: bareHost(hostname), port: port === '' ? usual : Number(port) }
  servers.set(origin, server)
  return server
}
