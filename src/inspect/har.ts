import type { Pair } from '../http/raw-headers.ts'
import type { RequestDetails } from './record.ts'
import type { ShownBody } from './shown-body.ts'

/** What HAR has for sizes that are not known. */
const UNKNOWN = -1

/**
 * Describes requests as a HTTP Archive (HAR 1.2), as browsers import it. `origin` is where clients reach the proxy.
 */
export function harOf(records: readonly RequestDetails[], origin: string, version: string) {
  return {
    log: {
      version: '1.2',
      creator: { name: 'prismacloud-proxy', version },
      entries: records.map(record => entryOf(record, origin)),
    },
  }
}

function entryOf(record: RequestDetails, origin: string) {
  const { id, startedAt, method, target, status, times, bytes, problem, requestHeaders, responseHeaders } = record
  const { requestBody, responseBody } = record
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
      bodySize: record.requestBytes,
      ...(requestBody && { postData: { mimeType: headerIn(requestHeaders, 'content-type'), ...textOf(requestBody) } }),
    },
    response: {
      status: status ?? 0,
      statusText: problem?.title ?? '',
      httpVersion: 'HTTP/1.1',
      headers: responseHeaders.map(named),
      cookies: [],
      content: { size: bytes, mimeType: headerIn(responseHeaders, 'content-type'), ...textOf(responseBody) },
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

function textOf(body: ShownBody | null) {
  if (!body) return {}
  const { text, isCutOff, note } = body
  const comment = [isCutOff && 'cut off', note].filter(Boolean).join('; ')
  return { ...(text !== null && { text }), ...(comment !== '' && { comment }) }
}

function named([name, value]: readonly [string, string]) {
  return { name, value }
}

function headerIn(headers: readonly Pair[], name: string): string {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? ''
}
