import type { FastifyInstance } from 'fastify'
import { html, htmlFacts, htmlPage } from '../problem/html.ts'
import { HOME_ROUTE, ICON_ROUTE } from '../request/own-path.ts'
import { originOf, sendPage, varyByAccept } from './pages.ts'

/** How long browsers may cache the response for the icon, in seconds. */
const ICON_LIFETIME = 24 * 60 * 60

/** The endpoints that the home page lists, with their descriptions. */
const LINKS = {
  '/_proxy/status': 'sessions, counters and rate limits as JSON',
  '/_proxy/requests': 'the latest requests: times, headers and problems, as JSON',
  '/_proxy/traffic': 'the last hour: requests, failures and response times, and the levels of rate limits, as JSON',
  '/_proxy/metrics': 'metrics in the Prometheus text format',
  '/_proxy/readyz': 'whether requests can be served; if not, which tenants are not ready',
  '/_proxy/problems/': 'every type of error: meaning, causes and fix',
} as const

/** Serves the home page at `/_proxy/` as JSON or HTML, and an empty icon for browsers. Neither needs a session. */
export async function homePage(app: FastifyInstance, { version }: { readonly version: string }): Promise<void> {
  app.get(`${HOME_ROUTE}/`, (request, reply) => {
    const example = `curl ${originOf(request)}/v2/policy`
    return varyByAccept(request, reply)
      ? sendPage(reply, pageOf(version, example))
      : reply.send({ version, example, links: LINKS })
  })

  app.get(HOME_ROUTE, (_request, reply) => reply.header('vary', 'accept').redirect(`${HOME_ROUTE}/`, 303))

  app.get(ICON_ROUTE, (_request, reply) => reply.header('cache-control', `max-age=${ICON_LIFETIME}`).code(204).send())
}

function pageOf(version: string, example: string): string {
  return htmlPage(
    'prismacloud-proxy',
    html`<h1>prismacloud-proxy ${version}</h1>
<p>Programs can call the Prisma Cloud API here without a token:</p>
<pre>${example}</pre>
${htmlFacts(Object.entries(LINKS).map(([path, what]) => [html`<a href="${path}">${path}</a>`, what]))}`,
  )
}
