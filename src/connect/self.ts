import { BlockList, isIP, isIPv6 } from 'node:net'
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { familyOf, withoutDot } from '../http/host.ts'
import { isLoopback } from '../stacks/loopback.ts'

/** An address, and how many of its bits name a network (RFC 4632, 3.1). */
type Network = readonly [address: string, bits: number]

/**
 * By which a machine reaches itself, or what answers it alone: loopback, unspecified and link-local addresses (RFC 6890),
 * and those at which clouds tell a machine of itself, keys included, that are not link-local.
 */
const OWN_NETWORKS: readonly Network[] = [
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
 * The IPv6 addresses that stand for an IPv4 address: compatible (RFC 4291, 2.5.5.1), translated (RFC 2765, 2.1), NAT64
 * (RFC 6052, 2.1) and 6to4 (RFC 3056, 2). The mapped ones `BlockList` knows. The bits are those before the address.
 */
const EMBEDDINGS: readonly (readonly [bits: number, embed: (address: string) => string])[] = [
  [96, address => `::${address}`],
  [96, address => `::ffff:0:${address}`],
  [96, address => `64:ff9b::${address}`],
  [16, address => `2002:${hexGroups(address)}::`],
]

/**
 * Whether a host's name or address can only be this machine's, or what it alone can reach. An address is in canonical form
 * or any other of {@link isIP}, without brackets.
 */
export function isOwn(host: string): boolean {
  if (isIP(host) !== 0) return ownAddresses().check(host, familyOf(host))
  return isLoopback(host) || withoutDot(host).toLowerCase() === hostname().toLowerCase()
}

/** Made anew each time: addresses come and go. */
function ownAddresses(): BlockList {
  const own = new BlockList()
  const interfaces = Object.values(networkInterfaces() as Record<string, NetworkInterfaceInfo[]>).flat()
  const addresses = interfaces.map(({ address }): Network => [address, isIPv6(address) ? 128 : 32])
  for (const [address, bits] of [...OWN_NETWORKS, ...addresses]) {
    own.addSubnet(address, bits, familyOf(address))
    if (isIPv6(address)) continue
    for (const [before, embed] of EMBEDDINGS) own.addSubnet(embed(address), before + bits, 'ipv6')
  }
  return own
}

/** The two groups of an IPv6 address that hold an IPv4 address. */
function hexGroups(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
