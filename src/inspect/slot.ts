import type { Secret } from '../kernel/secret.ts'
import { type Beginning, factsOf, type RecordedEnd } from './facts.ts'
import type { KeptBodies } from './kept-bodies.ts'
import { PackedFacts } from './packed-facts.ts'
import { type RequestDetails, type RequestFacts, type RequestRecord, recordOf, shownHeaders } from './record.ts'
import { showBody } from './shown-body.ts'

/** Returns the secrets of a tenant and of a client, as far as they are known. */
export type SecretsOf = (parties: Pick<RequestFacts, 'tenant' | 'client'>) => readonly Secret[]

/**
 * A place for one recorded request after another. Credentials are in private fields, and masked in all that it returns.
 */
export class Slot {
  #number = 0
  #change = 0
  /** The request while it runs. */
  #running: Beginning | null = null
  /** The request when it is over. */
  readonly #over = new PackedFacts()
  /** Null if none are kept. */
  #bodies: KeptBodies | null = null
  /** The secrets that the proxy knew when the request ended, and may have forgotten. */
  #secrets: readonly Secret[] = []

  /** The number of the request that is recorded here. */
  get number(): number {
    return this.#number
  }

  /** The number of the latest change of any record that changed this one. */
  get change(): number {
    return this.#change
  }

  /** Records a request in place of the one before, whose bodies are freed, also those that are still to come. */
  begin(number: number, change: number, beginning: Beginning, bodies: KeptBodies | null): void {
    this.#bodies?.drop()
    this.#number = number
    this.#change = change
    this.#running = beginning
    this.#bodies = bodies
    this.#secrets = []
  }

  /** Completes the record of the request that runs. */
  end(change: number, end: RecordedEnd, secretsOf: SecretsOf): void {
    if (!this.#running) return
    const { exchange } = this.#running
    this.#change = change
    this.#over.pack(factsOf(this.#running, end))
    this.#running = null
    this.#bodies?.ended(end.status === 0 || end.status >= 400 || exchange.failure !== undefined)
    if (this.#bodies?.request || this.#bodies?.response) this.#secrets = secretsOf(exchange)
    else this.#bodies = null
  }

  /** Returns what is shown of the request in lists. */
  record(secretsOf: SecretsOf): RequestRecord {
    const facts = this.#facts
    return recordOf(this.#number, this.#change, facts, this.#secretsOf(facts, secretsOf))
  }

  /** Returns all that is shown of the request. */
  async details(secretsOf: SecretsOf): Promise<RequestDetails> {
    const facts = this.#facts
    const { requestHeaders, responseHeaders } = facts
    const { request = null, response = null } = this.#bodies ?? {}
    const secrets = this.#secretsOf(facts, secretsOf)
    return {
      ...recordOf(this.#number, this.#change, facts, secrets),
      requestHeaders: shownHeaders(requestHeaders, secrets),
      responseHeaders: shownHeaders(responseHeaders, secrets),
      requestBody: request && (await showBody(request, { headers: requestHeaders, secrets })),
      responseBody: response && (await showBody(response, { headers: responseHeaders, secrets })),
    }
  }

  #secretsOf(facts: RequestFacts, secretsOf: SecretsOf): Secret[] {
    return [...new Set([...this.#secrets, ...secretsOf(facts)])]
  }

  get #facts(): RequestFacts {
    return this.#running ? factsOf(this.#running, null) : this.#over.unpack()
  }
}
