import type { FastifyInstance } from 'fastify'
import { html, htmlFacts, htmlPage } from '../problem/html.ts'
import { HOME_ROUTE, ICON_ROUTE } from '../request/own-path.ts'
import { originOf, sendPage, varyByAccept } from './pages.ts'

/** How long browsers need not ask for the icon again, in seconds. */
const ICON_LIFETIME = 24 * 60 * 60

/** What the proxy tells of itself, by path. */
const LINKS = {
  '/_proxy/status': 'sessions, counters and rate limits, as JSON',
  '/_proxy/metrics': 'the same and more, for Prometheus',
  '/_proxy/readyz': 'whether requests would be served, and what stands in the way',
  '/_proxy/problems/': 'what each kind of error means, and its cure',
} as const

/** The proxy's page, as JSON, or as HTML for whoever prefers that, and what browsers ask of every host. None needs a session. */
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
<p>Programs call the Prisma Cloud API here without a token:</p>
<pre>${example}</pre>
${htmlFacts(Object.entries(LINKS).map(([path, what]) => [html`<a href="${path}">${path}</a>`, what]))}`,
  )
}
