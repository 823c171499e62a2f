import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import type { PageAccess } from '../guard/page-access.ts'
import { authorizeAdmin, isAdmin } from '../guard/rights.ts'
import { Problem } from '../problem/problem.ts'
import { exchangeOf } from '../server/observe.ts'
import type { Sessions } from '../session/sessions.ts'
import type { PageSession } from './page-session.ts'
import { requireOwnAddress } from './pages.ts'

/** Where the bundled files of the page are, for this bundle in `dist` and for the sources. */
const FOLDER = join(import.meta.dirname.replace(/[\\/](dist|src[\\/]admin)$/, ''), 'dist/page')

/**
 * The Content-Security-Policy (CSP Level 3) of the page: its own script and styles only, no text becomes markup or code
 * (Trusted Types), never in a frame.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const SHELL = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>prismacloud-proxy</title>
<link rel="stylesheet" href="/_proxy/page/page.css">
<script type="module" src="/_proxy/page/page.js"></script>
</head>
<body>
<noscript>This page needs JavaScript. The same as JSON: <a href="/_proxy/status">status</a>,
<a href="/_proxy/requests">requests</a>.</noscript>
</body>
</html>
`

/** Options of {@link page}. */
export interface PageOptions {
  readonly version: string
  readonly pages: PageAccess
  /** The current configuration, which says who may see what. */
  readonly config: () => Pick<Config, 'clients'>
  /** What the page may renew; null where it only shows, and nothing is forwarded. */
  readonly sessions: Pick<Sessions, 'renew'> | null
}

/**
 * Serves what the page at `/_proxy/` is made of, below `/_proxy/page/`, and does what people do there: log in and out
 * with a client token, and renew sessions. Only the page itself can do these, and only at the address of the proxy.
 */
export async function page(app: FastifyInstance, { version, pages, config, sessions }: PageOptions): Promise<void> {
  app.addHook('onRequest', async request => requireOwnAddress(request))

  for (const [name, type] of Object.entries({ 'page.js': 'text/javascript', 'page.css': 'text/css' })) {
    app.get(`/_proxy/page/${name}`, async (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('cache-control', 'no-cache')
        .send(readFileSync(join(FOLDER, name))),
    )
  }

  app.get('/_proxy/page/session', async (request, reply): Promise<PageSession> => {
    reply.header('cache-control', 'no-store')
    const { clients } = config()
    const fingerprint = pages.subjectOf(pages.loginIn(request.raw) ?? '')
    const client = clients.find(({ token }) => token.fingerprint === fingerprint)?.name ?? null
    return {
      version,
      token: pages.token,
      client,
      needsLogin: clients.length > 0 && client === null,
      isAdmin: isAdmin(config(), client),
      isReadOnly: sessions === null,
    }
  })

  app.post('/_proxy/page/login', async (request, reply) => {
    requirePage(pages, request)
    const { client } = exchangeOf(request)
    const fingerprint = config().clients.find(({ name }) => name === client)?.token.fingerprint
    return reply.header('set-cookie', pages.cookie(request.raw, fingerprint)).code(204).send()
  })

  app.post('/_proxy/page/logout', async (request, reply) => {
    requirePage(pages, request)
    return reply.header('set-cookie', pages.cookie(request.raw)).code(204).send()
  })

  if (!sessions) return
  app.post<{ Querystring: { tenant?: string } }>('/_proxy/page/renew', async (request, reply) => {
    requirePage(pages, request)
    authorizeAdmin(config(), exchangeOf(request).client)
    sessions.renew(`${request.query.tenant}`)
    return reply.code(202).send({ status: 'renewing' })
  })
}

/** Sends the page, which then loads the rest. */
export function sendShell(reply: FastifyReply): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    .send(SHELL)
}

function requirePage(pages: PageAccess, { raw }: FastifyRequest): void {
  if (!pages.isFromPage(raw))
    throw new Problem('origin-not-allowed', 'Only the page at /_proxy/ can do this; reload it')
}
