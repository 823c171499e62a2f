import type { RequestDetails, RequestRecord } from '../../src/inspect/record.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { type Exchange, newExchange } from '../../src/request/exchange.ts'
import { parseRequest } from '../../src/request/parse.ts'

/** A record of a request that was served, with what a test says. */
export function makeRecord(said: Partial<RequestRecord> = {}): RequestRecord {
  return {
    number: 1,
    change: 1,
    id: 'id-1',
    startedAt: Date.UTC(2030, 0, 1),
    method: 'GET',
    target: '/v2/policy?a=1&b=%20',
    client: null,
    tenant: 'default',
    operation: '/v2/policy',
    status: 200,
    times: { session: 1, queue: 2, upstream: 30, firstByte: 34, total: 40 },
    requestBytes: 0,
    bytes: 5,
    replayed: false,
    cache: null,
    problem: null,
    upstreamRequestId: null,
    ...said,
  }
}

/** All that is known of a request that was served, with what a test says. */
export function makeDetails({
  requestHeaders = [['Accept', '*/*']],
  responseHeaders = [['Content-Type', 'application/json']],
  requestBody = null,
  responseBody = null,
  ...said
}: Partial<RequestDetails> = {}): RequestDetails {
  return { ...makeRecord(said), requestHeaders, responseHeaders, requestBody, responseBody }
}

/** The exchange of a request that has just begun. */
export function makeExchange(requestId: string, rawTarget = '/v2/policy?x=1'): Exchange {
  const parsed = parseRequest({ method: 'GET', rawTarget, proxyHost: undefined, host: 'localhost' })
  return newExchange(parsed, { requestId, over: new EndController('the client has left'), startedAt: 1000 })
}
