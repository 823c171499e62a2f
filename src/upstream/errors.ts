/**
 * No connection could be made, so no part of the request was sent, whatever the cause. It has no `code` of its own,
 * because undici connects again after some codes.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'

  constructor(cause: unknown) {
    super('cannot connect', { cause })
  }
}

/** The outbound proxy failed or refused to connect to the host. It has no `code` either, see {@link ConnectError}. */
export class OutboundProxyError extends Error {
  override readonly name = 'OutboundProxyError'
  /** Host and port of the proxy, without user and password. */
  readonly proxy: string
  /**
   * The HTTP status or SOCKS 5 reply code (RFC 1928, 6) of the refusal; 407 if the proxy rejected the login, over
   * SOCKS, too. Null if the proxy could not be reached or gave no valid reply.
   */
  readonly status: number | null

  constructor(proxy: string, status: number | null, cause: unknown) {
    super(`outbound proxy ${proxy} failed`, { cause })
    this.proxy = proxy
    this.status = status
  }
}

/** A host sent something other than a valid HTTP/1.1 response, so no part of it may be passed on. */
export class InvalidResponseError extends Error {
  override readonly name = 'InvalidResponseError'
  /** What is wrong with the response, as the end of a sentence. Quotes nothing that the host sent. */
  readonly fault: string

  constructor(fault: string) {
    super(fault)
    this.fault = fault
  }
}

/**
 * The upstream promises not to have processed the request (RFC 9113, 8.7), or it was never sent, so that any request
 * may be sent again: the stream was refused, or the connection goes away.
 */
export class UnprocessedError extends Error {
  override readonly name = 'UnprocessedError'

  constructor() {
    super('the request was not processed')
  }
}

/** The upstream ended one request of a connection over HTTP/2 before its response was complete. */
export class StreamResetError extends Error {
  override readonly name = 'StreamResetError'
  readonly code = 'STREAM_RESET'

  /** `reset` is the upstream's code (RFC 9113, 7). */
  constructor(reset: number) {
    super(`the stream was reset with code ${reset}`)
  }
}
