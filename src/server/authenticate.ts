import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { admissionOf } from '../guard/admission.ts'
import { asHost } from '../guard/admit.ts'
import { guard, guardReports } from '../guard/guard.ts'
import type { PageAccess } from '../guard/page-access.ts'
import type { SignedTokens } from '../guard/signed-tokens.ts'
import { Problem } from '../problem/problem.ts'
import { isLoopback } from '../stacks/loopback.ts'
import { exchangeOf } from './observe.ts'

/** What {@link authenticate} needs to judge requests. */
export interface AuthenticateOptions {
  /** Returns the current configuration, which a reload may replace. */
  readonly config: () => Config
  /** The tokens that the proxy issued to clients at login. */
  readonly tokens: SignedTokens
  /** Knows who has logged in at the proxy's own page. */
  readonly pages: PageAccess
}

/** Adds the guard: records the client in the exchange, or rejects the request with the guard's problem. */
export function authenticate(app: FastifyInstance, { config, tokens, pages }: AuthenticateOptions): void {
  const loggedIn = (token: string) => tokens.subjectOf(token) ?? pages.subjectOf(token)
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw } = request
    const exchange = exchangeOf(request)
    const login = pages.isFromPage(raw) ? pages.loginIn(raw) : undefined
    exchange.client = guard(raw, admissionOf(config(), exchange, `${raw.url}`, loggedIn), login)
    done()
  })
}

/** Adds the guard of `admin.address`: rejects requests of web pages with the guard's problem. No token is needed. */
export function admitReaders(app: FastifyInstance, { config }: Pick<AuthenticateOptions, 'config'>): void {
  app.addHook('onRequest', (request, _reply, done) => {
    guardReports(request.raw, config().listen)
    done()
  })
}

/** Without clients, nobody can say who may see requests: rejects whoever is not on this machine. */
export function keepToThisMachine(app: FastifyInstance, { config }: Pick<AuthenticateOptions, 'config'>): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { remoteAddress = '127.0.0.1' } = request.raw.socket
    if (config().clients.length === 0 && !isLoopback(asHost(remoteAddress)))
      throw new Problem(
        'policy-denied',
        'Requests are shown at admin.address only on this machine; set clients to show them to others',
      )
    done()
  })
}
