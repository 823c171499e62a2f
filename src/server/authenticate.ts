import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { admissionOf } from '../guard/admission.ts'
import { guard } from '../guard/guard.ts'
import type { SignedTokens } from '../guard/signed-tokens.ts'
import { exchangeOf } from './observe.ts'

export interface AuthenticateOptions {
  /** Asked for anew each time: the configuration may be reloaded. */
  readonly config: () => Config
  /** The tokens that clients got when they logged in here. */
  readonly tokens: SignedTokens
}

/** Admits clients, and notes their names in the exchange; whoever may not use the proxy is refused by the guard's problem. */
export function authenticate(app: FastifyInstance, { config, tokens }: AuthenticateOptions): void {
  const loggedIn = (token: string) => tokens.subjectOf(token)
  app.addHook('onRequest', (request, _reply, done) => {
    const exchange = exchangeOf(request)
    exchange.client = guard(request.raw, admissionOf(config(), exchange, loggedIn))
    done()
  })
}
