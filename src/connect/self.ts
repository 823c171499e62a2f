import { BlockList, isIP, isIPv6 } from 'node:net'
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { familyOf, withoutDot } from '../http/host.ts'
import { isLoopback } from '../stacks/loopback.ts'

/** An address and the length of its network prefix in bits (RFC 4632, 3.1). */
type Network = readonly [address: string, bits: number]

/**
 * Networks that only this machine reaches: loopback, unspecified and link-local addresses (RFC 6890), and the metadata
 * services of clouds that are not link-local. Those hand out the machine's own credentials.
 */
const SELF_NETWORKS: readonly Network[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['::', 127],
  ['fe80::', 10],
  // Alibaba Cloud, Azure, AWS and Google Cloud
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['fd00:ec2::', 32],
  ['fd20:ce::', 32],
]

/**
 * IPv6 forms of an IPv4 address, with the number of bits before it: compatible (RFC 4291, 2.5.5.1), translated (RFC
 * 2765, 2.1), NAT64 (RFC 6052, 2.1) and 6to4 (RFC 3056, 2). `BlockList` knows the mapped form itself.
 */
const EMBEDDINGS: readonly (readonly [bits: number, embed: (address: string) => string])[] = [
  [96, address => `::${address}`],
  [96, address => `::ffff:0:${address}`],
  [96, address => `64:ff9b::${address}`],
  [16, address => `2002:${hexGroups(address)}::`],
]

/**
 * Whether a name or an address is this machine, or something that only this machine reaches. Names are not resolved. An
 * address may have any form that {@link isIP} accepts, without brackets.
 */
export function isSelf(host: string): boolean {
  if (isIP(host) !== 0) return selfAddresses().check(host, familyOf(host))
  return isLoopback(host) || withoutDot(host).toLowerCase() === hostname().toLowerCase()
}

/** Returns the addresses of this machine. The list is built anew for each check, because addresses come and go. */
function selfAddresses(): BlockList {
  const list = new BlockList()
  const interfaces = Object.values(networkInterfaces() as Record<string, NetworkInterfaceInfo[]>).flat()
  const addresses = interfaces.map(({ address }): Network => [address, isIPv6(address) ? 128 : 32])
  for (const [address, bits] of [...SELF_NETWORKS, ...addresses]) {
    list.addSubnet(address, bits, familyOf(address))
    if (isIPv6(address)) continue
    for (const [before, embed] of EMBEDDINGS) list.addSubnet(embed(address), before + bits, 'ipv6')
  }
  return list
}

/** Formats an IPv4 address as two groups of an IPv6 address. */
function hexGroups(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
