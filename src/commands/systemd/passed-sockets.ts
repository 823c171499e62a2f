import { fstatSync, readFileSync, statSync } from 'node:fs'
import { type AddressInfo, Socket } from 'node:net'
import { ConfigError, type Fault, InvalidValue } from '../../config/fault.ts'
import type { PassedAddress } from '../../config/network/passed-address.ts'
import { asHost } from '../../guard/admit.ts'
import type { Host } from '../host.ts'

/** The first descriptor that a service manager passes: SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST = 3

/** What each name of a socket is for: FileDescriptorName= in its unit. */
const KEYS: ReadonlyMap<string, PassedAddress['key']> = new Map([
  ['http', 'listen.address'],
  ['https', 'listen.tlsAddress'],
  ['admin', 'admin.address'],
])

const NAMES = [...KEYS.keys()].join(', ')

/** Matches the name of a socket that was given none: systemd uses that of the unit (systemd.socket(5)). */
const UNNAMED = /^$|^unknown$|\.socket$/

/** A line of `/proc/net/unix` (proc_net(5)), which ends with inode and path. */
const UNIX_SOCKET = /^(?:\S+ +){6}(\d+) (.+)$/

/** A socket on which a service manager listens for this process. */
export interface PassedSocket extends PassedAddress {
  /** The open socket. Whichever server listens with it owns and closes it. */
  readonly socket: Socket
}

/**
 * Returns the sockets that a service manager passed to the process `pid` (socket activation, sd_listen_fds(3)), none if
 * they are for another process. They are known by their names; a single one without a name is for `listen.address`.
 * @throws {ConfigError} with all faults, if one of them cannot be used
 */
export function passedSockets(variables: Host['managed'], pid: number): PassedSocket[] {
  const faults: Fault[] = []
  const taken = new Set<string>()
  const sockets = namesOfPassed(variables, pid).flatMap((given, at, { length }) => {
    const name = length === 1 && UNNAMED.test(given) ? 'http' : given
    const origin = `socket ${FIRST + at} ${JSON.stringify(given)}`
    try {
      const socket = openSocket(FIRST + at, name, taken, origin)
      taken.add(name)
      return [socket]
    } catch (error) {
      const { problem, cure } = error as InvalidValue
      faults.push({ key: 'LISTEN_FDS', origin, problem, cure })
      return []
    }
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return sockets
}

/** Returns the names of the sockets that were passed to a process; an empty one where there is none. */
function namesOfPassed({ LISTEN_PID, LISTEN_FDS = '0', LISTEN_FDNAMES = '' }: Host['managed'], pid: number): string[] {
  if (Number(LISTEN_PID) !== pid) return []
  const count = Number(LISTEN_FDS)
  if (!(count <= KEYS.size)) {
    const problem = `${JSON.stringify(LISTEN_FDS)} sockets were passed`
    const cure = `expected at most ${KEYS.size}: ${NAMES}`
    throw new ConfigError([{ key: 'LISTEN_FDS', origin: 'LISTEN_FDS', problem, cure }])
  }
  const names = LISTEN_FDNAMES.split(':')
  return Array.from({ length: count }, (_, at) => names[at] ?? '')
}

function openSocket(fd: number, name: string, taken: ReadonlySet<string>, origin: string): PassedSocket {
  const key = KEYS.get(name)
  if (key === undefined) throw new InvalidValue('has an unknown name', `set FileDescriptorName= to one of ${NAMES}`)
  if (taken.has(name)) throw new InvalidValue('has the name of another socket', 'pass one socket for each address')
  const socket = open(fd)
  const { address, port } = socket.address() as Partial<AddressInfo>
  if (address === undefined) return { key, origin, socket, ...unixAddress(fd) }
  return { key, origin, socket, address: `${asHost(address)}:${port}`, mode: null }
}

/** Opens a descriptor without reading from it, so that its address can be read before anything is accepted. */
function open(fd: number): Socket {
  try {
    return new Socket({ fd, readable: false, writable: false })
  } catch {
    throw new InvalidValue('is not a stream socket', 'use ListenStream= in the .socket unit')
  }
}

/** Returns address and permissions of a Unix socket, which Node.js cannot tell. */
function unixAddress(fd: number): Pick<PassedAddress, 'address' | 'mode'> {
  try {
    const inode = `${fstatSync(fd).ino}`
    const lines = readFileSync('/proc/self/net/unix', 'utf8').split('\n')
    const path = lines.map(line => UNIX_SOCKET.exec(line) ?? []).find(([, of]) => of === inode)?.[2]
    return { address: `unix:${path}`, mode: statSync(`${path}`).mode & 0o777 }
  } catch {
    throw new InvalidValue(
      'has no path, so that its permissions are unknown',
      'use ListenStream= with a path or TCP port',
    )
  }
}
