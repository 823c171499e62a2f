import { BlockList, isIP, isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { isLoopback } from '../stacks/loopback.ts'

/** Loopback, link-local and unspecified addresses (RFC 6890), by which a machine reaches itself or what it alone can. */
const OWN_NETWORKS = [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
] as const

/** Whether a host's name or address, however it is written, can only be this machine's, or what only this can reach. */
export function isOwn(host: string): boolean {
  return isLoopback(host) || (isIP(host) !== 0 && isOwnAddress(host))
}

function isOwnAddress(address: string): boolean {
  const own = new BlockList()
  for (const [network, prefix, family] of OWN_NETWORKS) own.addSubnet(network, prefix, family)
  const interfaces = Object.values(networkInterfaces() as Record<string, NetworkInterfaceInfo[]>).flat()
  for (const each of interfaces) own.addAddress(each.address, familyOf(each.address))
  return own.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
