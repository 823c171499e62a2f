/** A host without the brackets in which URLs have IPv6 addresses (RFC 3986, 3.2.2). */
export function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
