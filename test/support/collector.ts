import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { until } from './until.ts'

/** A span as a collector gets it in OTLP/JSON, with its attributes by name. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code: number }
  readonly attributes: Readonly<Record<string, string | number>>
  readonly resource: Readonly<Record<string, string | number>>
}

/** What a collector was sent, and how it answers. */
export interface Collector {
  readonly url: string
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[]
  /** The spans that came as JSON, oldest first. */
  readonly spans: readonly CollectedSpan[]
  /** The status of the answers; 0 if there are none. */
  status: number
  /** The body of the answers. */
  answer: string
  /** Waits until so many spans have come. */
  got(count: number): Promise<readonly CollectedSpan[]>
}

interface Owner {
  teardown(end: () => unknown): void
}

/** Where a collector listens, and with what certificate. */
export interface CollectorOptions {
  /** Default: any port. */
  readonly port?: number
  /** Default: it speaks http. */
  readonly identity?: { readonly cert: string; readonly key: string }
}

/** Starts a collector of OTLP over http, which ends with the test. */
export async function startCollector(owner: Owner, { port = 0, identity }: CollectorOptions = {}): Promise<Collector> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: Buffer }[] = []
  const spans: CollectedSpan[] = []
  const collect: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    requests.push({ path: `${request.url}`, headers: request.headers, body })
    const isJson = request.headers['content-type'] === 'application/json'
    if (isJson) spans.push(...spansIn(JSON.parse(body.toString())))
    if (collector.status === 0) return
    response.writeHead(collector.status, { 'content-type': `${request.headers['content-type']}` }).end(collector.answer)
  }
  const server: Server = identity ? createSecureServer(identity, collect) : createServer(collect)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  owner.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const at = (server.address() as AddressInfo).port
  const collector: Collector = {
    url: identity ? `https://localhost:${at}` : `http://127.0.0.1:${at}`,
    requests,
    spans,
    status: 200,
    answer: '',
    async got(count) {
      await until(() => spans.length >= count)
      return spans
    },
  }
  return collector
}

interface Pair {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

interface Otlp {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'attributes'> & { readonly attributes: readonly Pair[] })[]
    }[]
  }[]
}

function spansIn({ resourceSpans }: Otlp): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, ...span }) => ({
        ...span,
        attributes: byName(attributes),
        resource: byName(resource.attributes),
      })),
    ),
  )
}

function byName(pairs: readonly Pair[]): Record<string, string | number> {
  const read = ({ stringValue, intValue }: Pair['value']) => stringValue ?? Number(intValue)
  return Object.fromEntries(pairs.map(({ key, value }) => [key, read(value)]))
}
