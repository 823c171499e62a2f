import { BlockList, isIP, isIPv6 } from 'node:net'
import { bareHost, bracketedHost, familyOf, withoutDot } from '../../http/host.ts'

const HTTPS_PORT = 443

/**
 * Whether `NO_PROXY` exempts a URL. Entries are separated by commas or spaces and have the forms that curl and Go
 * accept: `*` for every host; a domain, which includes its subdomains, with or without a leading `.` or `*.`; an IP
 * address; a network (`10.0.0.0/8`). An entry with a port (`[::1]:8443`) exempts only that port.
 */
export function isExempt({ hostname, port }: URL, noProxy: string): boolean {
  const host = withoutDot(bareHost(hostname))
  const entries = noProxy.split(/[,\s]+/).filter(entry => entry !== '')
  return entries.some(
    entry => entry === '*' || isInNetwork(host, entry) || isNamed(host, Number(port || HTTPS_PORT), entry),
  )
}

function isInNetwork(host: string, entry: string): boolean {
  const [, typed = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? []
  const address = bareHost(typed)
  const isNetwork = isIP(address) !== 0 && Number(bits) <= (isIPv6(address) ? 128 : 32)
  if (!isNetwork || isIP(host) === 0) return false
  const network = new BlockList()
  network.addSubnet(address, Number(bits), familyOf(address))
  return network.check(host, familyOf(host))
}

function isNamed(host: string, port: number, entry: string): boolean {
  const [, typed = entry, entryPort = port] = isIPv6(entry) ? [] : (/^(.+):(\d+)$/.exec(entry) ?? [])
  const name = canonical(typed.replace(/^\*?\./, ''))
  return Number(entryPort) === port && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)))
}

/**
 * Returns a host in the form that it has in a URL: in lower case, in Punycode, or as the shortest form of an address. A
 * name that cannot be the host of a URL is left as it is.
 */
function canonical(name: string): string {
  const host = bracketedHost(name)
  const isHost = !/[/?#@\\]/.test(host) && URL.canParse(`http://${host}`)
  return withoutDot(isHost ? bareHost(new URL(`http://${host}`).hostname) : name)
}
