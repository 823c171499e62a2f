import { isIPv6 } from 'node:net'
import { platform } from 'node:os'
import { InvalidValue, MalformedValue } from '../fault.ts'

/** An address to listen on: a host (an IPv6 address without brackets) and port, or the path of a socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

const LARGEST_PORT = 65_535

/** A path of a named pipe, which Windows has instead of sockets in the file system. */
const NAMED_PIPE = /^\\\\[.?]\\pipe\\./i

/** Reads `host:port`, `[::1]:port` or `unix:/path`; port 0 means any free port. Throws an `InvalidValue`. */
export function parseAddress(text: string, system: NodeJS.Platform = platform()): Address {
  const path = /^unix:(.+)$/s.exec(text)?.[1]
  if (path !== undefined && system === 'win32' && !NAMED_PIPE.test(path))
    throw new InvalidValue('is not a named pipe', 'expected unix:\\\\.\\pipe\\name or host:port')
  if (path !== undefined) return { path }
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([a-z0-9.-]+)):(\d+)$/i.exec(text) ?? []
  const host = bracketed ?? name
  if (host === undefined || !isPort(`${port}`) || (bracketed !== undefined && !isIPv6(bracketed)))
    throw new MalformedValue('invalid address', 'expected host:port, e.g. 127.0.0.1:9080 or [::1]:9080, or unix:/path')
  return { host, port: Number(port) }
}

/** Whether a text is the number of a port to listen on; 0 means any free one. */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= LARGEST_PORT
}

/** The hosts that stand for every address of the machine. */
const WILDCARDS = ['0.0.0.0', '::']

/** Whether two servers cannot listen at these addresses at the same time. Port 0 never collides. */
export function collide(one: Address, other: Address): boolean {
  if ('path' in one || 'path' in other) return 'path' in one && 'path' in other && one.path === other.path
  const isSameHost = one.host === other.host || [one.host, other.host].some(host => WILDCARDS.includes(host))
  return one.port !== 0 && one.port === other.port && isSameHost
}
