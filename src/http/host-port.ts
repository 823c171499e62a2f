/** A host and a port: where a connection leads. */
export interface HostPort {
  /** A name or an address; an IPv6 address in brackets, as in a URL. */
  readonly host: string
  readonly port: number
}

const AUTHORITY_FORM = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253}):(\d{1,5})$/i

/**
 * Parses the request target of CONNECT, which is in authority form (RFC 9112, 3.2.3); `undefined` for any other text.
 * The host comes in canonical form (WHATWG URL, "host parsing"): in lower case, and `127.1` as `127.0.0.1`.
 */
export function parseHostPort(target: string): HostPort | undefined {
  const [, host, digits] = AUTHORITY_FORM.exec(target) ?? []
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535 || !URL.canParse(`https://${host}`)) return undefined
  return { host: new URL(`https://${host}`).hostname, port }
}

/** Formats a host and port as in an https URL: without the port if it is 443. */
export function httpsHost({ host, port }: HostPort): string {
  return port === 443 ? host : `${host}:${port}`
}
