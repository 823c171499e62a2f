import type { RequestFacts } from './record.ts'

/** Stands between texts. No header, target or name contains it. */
const SEPARATOR = '\0'

/** The memory for the texts of a request that are not unusually long, in bytes. */
const ROOM = 8 * 1024

/** The most bytes of UTF-8 that a character of a JavaScript string takes. */
const BYTES_PER_CHARACTER = 3

/**
 * The facts of a request that is over, as bytes. Requests are kept for so long that their objects would be moved to the
 * old generation and collected there, which costs 5 % of a request. Bytes stay where they are, and those of the next
 * request take their place.
 */
export class PackedFacts {
  readonly #numbers = new Float64Array(12)
  #texts = Buffer.alloc(0)
  #size = 0

  /** Keeps the facts of a request that is over in place of those before. */
  pack(facts: RequestFacts): void {
    const { id, method, target, client, tenant, operation, cache, upstreamRequestId } = facts
    const { startedAt, status, times, requestBytes, bytes, replayed } = facts
    const { problem, requestHeaders, responseHeaders } = facts
    const { session, queue, upstream, firstByte, total } = times
    const [ofRequest, ofResponse] = [requestHeaders.length, responseHeaders.length]
    const ends = [Number(status), firstByte ?? Number.NaN, Number(total)]
    const sizes = [requestBytes, bytes, Number(replayed), ofRequest, ofResponse]
    this.#numbers.set([startedAt, session, queue, upstream, ...ends, ...sizes])
    const texts = [
      id,
      method,
      target,
      client,
      tenant,
      operation,
      cache,
      upstreamRequestId,
      problem?.type,
      problem?.title,
    ]
    // what an upstream wrote comes last, so that nothing in it can shift what is before
    this.#write(texts.concat(requestHeaders, responseHeaders, problem?.detail).join(SEPARATOR))
  }

  /** Returns the facts that were packed last, with headers as they were. */
  unpack(): RequestFacts {
    const [startedAt, session, queue, upstream, status, firstByte, ...others] = [...this.#numbers] as Twelve
    const [total, requestBytes, bytes, replayed, ofRequest, ofResponse] = others
    const texts = this.#texts.toString('utf8', 0, this.#size).split(SEPARATOR)
    const [id, method, target, client, tenant, operation, cache, upstreamRequestId, type, title] = texts as Ten
    const rest = texts.slice(10)
    const end = ofRequest + ofResponse
    return {
      id,
      startedAt,
      method,
      target,
      client: client || null,
      tenant: tenant || null,
      operation,
      status,
      times: { session, queue, upstream, firstByte: Number.isNaN(firstByte) ? null : firstByte, total },
      requestBytes,
      bytes,
      replayed: replayed === 1,
      cache: (cache || null) as RequestFacts['cache'],
      problem: type ? { type, title, detail: rest.slice(end).join(SEPARATOR) } : null,
      upstreamRequestId: upstreamRequestId || null,
      requestHeaders: rest.slice(0, ofRequest),
      responseHeaders: rest.slice(ofRequest, end),
    }
  }

  #write(texts: string): void {
    if (texts.length * BYTES_PER_CHARACTER > ROOM) this.#texts = Buffer.from(texts)
    else if (this.#texts.length !== ROOM) this.#texts = Buffer.allocUnsafeSlow(ROOM)
    this.#size = this.#texts.write(texts)
  }
}

/** As many numbers as a request has. */
type Twelve = [number, number, number, number, number, number, number, number, number, number, number, number]

/** As many texts as come before the headers. */
type Ten = [string, string, string, string, string, string, string, string, string, string]
