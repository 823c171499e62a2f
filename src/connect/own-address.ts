import { BlockList, isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

/** Loopback, link-local and unspecified addresses (RFC 6890), by which a machine reaches itself or what it alone can. */
const OWN_NETWORKS = [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
] as const

const networks = new BlockList()
for (const [network, prefix, family] of OWN_NETWORKS) networks.addSubnet(network, prefix, family)

/** Whether an address is one of this machine's own, or one that only this machine can reach. */
export function isOwnAddress(address: string): boolean {
  const interfaces = Object.values(networkInterfaces() as Record<string, NetworkInterfaceInfo[]>).flat()
  const isOnNetwork = networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  return isOnNetwork || interfaces.some(each => each.address === address)
}
