import { isIPv6 } from 'node:net'

/** Removes the brackets that an IPv6 address has in a URL (RFC 3986, 3.2.2). */
export function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

/** Adds the brackets that an IPv6 address has in a URL (RFC 3986, 3.2.2). Other hosts stay as they are. */
export function bracketedHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}

/** Removes the trailing dot of a fully qualified name (RFC 1034, 3.1). */
export function withoutDot(name: string): string {
  return name.replace(/\.$/, '')
}

/** The family of an IP address, as Node.js' `BlockList` expects it. */
export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
