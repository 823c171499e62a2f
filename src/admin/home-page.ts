import type { FastifyInstance } from 'fastify'
import type { Recorder } from '../inspect/recorder.ts'
import { html, htmlFacts, htmlPage } from '../problem/html.ts'
import { HOME_ROUTE, ICON_ROUTE } from '../request/own-path.ts'
import { exchangeOf } from '../server/observe.ts'
import { sendShell } from './page.ts'
import { originOf, sendPage, varyByAccept } from './pages.ts'

/** How long browsers may cache the response for the icon, in seconds. */
const ICON_LIFETIME = 24 * 60 * 60

/** Further links, if requests are recorded. */
const INSPECTION_LINKS = {
  '/_proxy/requests': 'the latest requests: times, headers and problems, as JSON',
  '/_proxy/traffic': 'the last hour: requests, failures and response times, and the levels of rate limits, as JSON',
} as const

/** The endpoints that the home page lists, with their descriptions. */
const LINKS = {
  '/_proxy/status': 'sessions, counters and rate limits as JSON',
  '/_proxy/metrics': 'metrics for Prometheus',
  '/_proxy/readyz': 'whether requests can be served; if not, which tenants are not ready',
  '/_proxy/problems/': 'every type of error: meaning, causes and fix',
} as const

/** Options of {@link homePage}. */
export interface HomePageOptions {
  readonly version: string
  /** Keeps the requests that the page shows; null if none are kept. */
  readonly recorder: Recorder | null
}

/**
 * Serves `/_proxy/`: to browsers the page that shows the requests, or a list of links if none are recorded, to others the
 * same links as JSON. Also an empty icon. None of this needs a session.
 */
export async function homePage(app: FastifyInstance, { version, recorder }: HomePageOptions): Promise<void> {
  const links = { ...LINKS, ...(recorder && INSPECTION_LINKS) }
  app.get(`${HOME_ROUTE}/`, (request, reply) => {
    const example = `curl ${originOf(request)}/v2/policy`
    if (!varyByAccept(request, reply)) return reply.send({ version, example, links })
    const isOwnAddress = exchangeOf(request).proxyHost === undefined
    return recorder && isOwnAddress ? sendShell(reply) : sendPage(reply, pageOf(version, example, links))
  })

  app.get(HOME_ROUTE, (_request, reply) => reply.header('vary', 'accept').redirect(`${HOME_ROUTE}/`, 303))

  app.get(ICON_ROUTE, (_request, reply) => reply.header('cache-control', `max-age=${ICON_LIFETIME}`).code(204).send())
}

function pageOf(version: string, example: string, links: Readonly<Record<string, string>>): string {
  return htmlPage(
    'prismacloud-proxy',
    html`<h1>prismacloud-proxy ${version}</h1>
<p>Programs can call the Prisma Cloud API here without a token:</p>
<pre>${example}</pre>
${htmlFacts(Object.entries(links).map(([path, what]) => [html`<a href="${path}">${path}</a>`, what]))}`,
  )
}
