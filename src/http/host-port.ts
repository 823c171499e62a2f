/** Where a client wants a connection to be made to. */
export interface HostPort {
  /** In canonical form (WHATWG URL, "host parsing"): lower case, `127.0.0.1` for `127.1`; an IPv6 address in brackets. */
  readonly host: string
  readonly port: number
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253}):(\d{1,5})$/i

/** Reads the target of a CONNECT request (RFC 9112, 3.2.3); `undefined` for any other. */
export function parseAuthority(target: string): HostPort | undefined {
  const [, host, digits] = AUTHORITY.exec(target) ?? []
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535 || !URL.canParse(`https://${host}`)) return undefined
  return { host: new URL(`https://${host}`).hostname, port }
}

/** As it stands in an https URL: without the port where that is 443. */
export function httpsHost({ host, port }: HostPort): string {
  return port === 443 ? host : `${host}:${port}`
}
