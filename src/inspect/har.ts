import type { Pair } from '../http/raw-headers.ts'
import type { RequestRecord } from './record.ts'

/** What HAR has for sizes that are not known. */
const UNKNOWN = -1

/**
 * Describes requests as a HTTP Archive (HAR 1.2), as browsers import it. Bodies are left out. `origin` is where clients
 * reach the proxy.
 */
export function harOf(records: readonly RequestRecord[], origin: string, version: string) {
  return {
    log: {
      version: '1.2',
      creator: { name: 'prismacloud-proxy', version },
      entries: records.map(record => entryOf(record, origin)),
    },
  }
}

function entryOf(record: RequestRecord, origin: string) {
  const { id, startedAt, method, target, status, times, bytes, problem, requestHeaders, responseHeaders } = record
  const { session, queue, upstream, total } = times
  const url = `${origin}${target}`
  const all = total ?? session + queue + upstream
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: all,
    request: {
      method,
      url,
      httpVersion: 'HTTP/1.1',
      headers: requestHeaders.map(named),
      // the target of OPTIONS may be an asterisk
      queryString: URL.canParse(url) ? [...new URL(url).searchParams].map(named) : [],
      cookies: [],
      headersSize: UNKNOWN,
      bodySize: UNKNOWN,
    },
    response: {
      status: status ?? 0,
      statusText: problem?.title ?? '',
      httpVersion: 'HTTP/1.1',
      headers: responseHeaders.map(named),
      cookies: [],
      content: { size: bytes, mimeType: headerIn(responseHeaders, 'content-type') },
      redirectURL: headerIn(responseHeaders, 'location'),
      headersSize: UNKNOWN,
      bodySize: bytes,
    },
    cache: {},
    timings: { blocked: session + queue, send: 0, wait: upstream, receive: all - session - queue - upstream },
    ...(problem && { comment: problem.detail }),
    // members that begin with _ are for the own use of whoever writes them
    _requestId: id,
    _tenant: record.tenant,
    _operation: record.operation,
  }
}

function named([name, value]: readonly [string, string]) {
  return { name, value }
}

function headerIn(headers: readonly Pair[], name: string): string {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? ''
}
