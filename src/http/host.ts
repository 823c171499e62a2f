import { isIPv6 } from 'node:net'

/** A host without the brackets in which URLs have IPv6 addresses (RFC 3986, 3.2.2). */
export function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

/** A name without the dot of the DNS's root, with which some write it in full (RFC 1034, 3.1). */
export function withoutDot(name: string): string {
  return name.replace(/\.$/, '')
}

/** The family of an address, as `BlockList` takes it. */
export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
