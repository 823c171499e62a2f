import type { Log } from '../kernel/log.ts'
import { operationName } from '../operations/operations.ts'
import type { Exchange } from '../request/exchange.ts'

/** The duration, in milliseconds, from which a request is slow enough to be logged. */
const SLOW = 10_000

/** Which requests get a log line: all of them, those that failed or took over 10 s, or none. */
export type LoggedRequests = 'all' | 'errors' | 'off'

/**
 * Logs a request that has ended, if `which` says so. `status` is 0 if the client left before the response was complete;
 * `took` is in milliseconds.
 */
export function logRequest(log: Log, which: LoggedRequests, exchange: Exchange, status: number, took: number): void {
  const { requestId, method, path, client, tenant, spent, replayed, cache, upstreamRequestId, failure, trace } =
    exchange
  // what the proxy tells of itself may last as long as somebody follows it
  const isSlow = took >= SLOW && tenant !== null
  if (which === 'off' || (which === 'errors' && !failure && !isSlow)) return
  const operation = operationName(exchange.operation)
  const [ms, session, queue] = [took, spent.session, spent.queue].map(Math.round)
  const times = { ms, session, queue }
  const facts = {
    requestId,
    method,
    path,
    operation,
    client,
    tenant,
    status,
    ...times,
    replayed,
    cache,
    upstreamRequestId,
    ...(trace?.isSampled && { traceId: trace.traceId }),
  }
  const text = `${method} ${path} ${status || 'aborted'}`
  if (failure) log.warn({ ...facts, problem: failure.type, err: failure.cause }, `${text}: ${failure.detail}`)
  else log.info(facts, text)
}
