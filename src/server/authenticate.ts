import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { admissionOf } from '../guard/admission.ts'
import { guard, guardReports } from '../guard/guard.ts'
import type { SignedTokens } from '../guard/signed-tokens.ts'
import { exchangeOf } from './observe.ts'

/** What {@link authenticate} needs to judge requests. */
export interface AuthenticateOptions {
  /** Returns the current configuration, which a reload may replace. */
  readonly config: () => Config
  /** The tokens that the proxy issued to clients at login. */
  readonly tokens: SignedTokens
}

/** Adds the guard: records the client in the exchange, or rejects the request with the guard's problem. */
export function authenticate(app: FastifyInstance, { config, tokens }: AuthenticateOptions): void {
  const loggedIn = (token: string) => tokens.subjectOf(token)
  app.addHook('onRequest', (request, _reply, done) => {
    const exchange = exchangeOf(request)
    exchange.client = guard(request.raw, admissionOf(config(), exchange, loggedIn))
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
