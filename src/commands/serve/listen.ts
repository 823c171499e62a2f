import { lstat, rm } from 'node:fs/promises'
import { connect, isIP, type Socket } from 'node:net'
import { platform } from 'node:os'
import { type Address, parseAddress } from '../../config/network/address.ts'
import type { ListenAddress, OpenSocket } from '../../kernel/further-address.ts'
import { isLoopback } from '../../stacks/loopback.ts'
import { TlsError } from '../../tls/identity.ts'

/**
 * The longest socket path that every system accepts, in bytes: on macOS and the BSDs `sun_path` has 104 bytes,
 * including the final NUL. Node.js 20 silently truncates a longer path and listens there.
 */
const LONGEST_SOCKET_PATH = 103

/** The IPv4 loopback address with a free port that the operating system chooses. */
export const ANY_PORT = '127.0.0.1:0'

/** A server that {@link listen} can start. */
export interface Listener {
  /** Starts to listen and resolves to a URL with the port in use. Rejects as `net.Server` does. */
  listen(where: ListenAddress | { readonly path: string }): Promise<string>
}

/** A server that {@link listenWithSocket} can start. */
export interface SocketListener {
  /** Starts to listen and resolves to a URL with the port in use. Rejects as `net.Server` does. */
  listen(where: OpenSocket): Promise<string>
}

/** The addresses of localhost. Both are used, because clients differ in which one they try. */
const LOOPBACK = { host: '127.0.0.1', also: '::1' }

/** Thrown if the proxy cannot listen on an address. The message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** The mode of a socket to which only its owner can connect. */
const PRIVATE = 0o600

/** How {@link listen} treats a socket, and what its errors suggest. */
export interface ListenOptions {
  /** Permissions of a Unix socket. Default: 0600. */
  readonly socketMode?: number
  /** The flag that errors suggest for another address. Default: `--listen-address`. */
  readonly flag?: string
  /** The operating system. Default: that of this machine. */
  readonly system?: NodeJS.Platform
}

/**
 * Listens on `host:port` or `unix:/path`. Resolves to the address as a URL or `unix:/path`, with the port in use.
 * Rejects with a {@link ListenError}, or with a `TlsError` if the certificate cannot be used.
 */
export async function listen(
  server: Listener,
  text: string,
  { socketMode = PRIVATE, flag = '--listen-address', system = platform() }: ListenOptions = {},
): Promise<string> {
  const address = parseAddress(text, system)
  const listening =
    'path' in address ? listenAtSocket(server, address.path, socketMode, system) : listenAtPort(server, address, text)
  return listening.catch((error: NodeJS.ErrnoException) => {
    if (error instanceof TlsError) throw error
    throw new ListenError(explain(error, text, address, `choose another address with ${flag}`), { cause: error })
  })
}

/**
 * Listens with an open socket, whose address is `text`. Resolves to it as a URL or `unix:/path`. Rejects with a
 * {@link ListenError}, or with a `TlsError` if the certificate cannot be used.
 */
export async function listenWithSocket(server: SocketListener, text: string, socket: Socket): Promise<string> {
  try {
    const bound = await server.listen({ socket })
    return text.startsWith('unix:') ? text : `${schemeOf(bound)}://${text}`
  } catch (error) {
    if (error instanceof TlsError) throw error
    const { code } = error as NodeJS.ErrnoException
    const cure = 'pass a socket that listens: ListenStream= and Accept=no in the .socket unit'
    throw new ListenError(`cannot listen with the socket that was passed for ${text}: ${code}; ${cure}`, {
      cause: error,
    })
  }
}

/**
 * Listens on a host and port. Resolves to a URL with the host as configured, because the server's own URL has
 * `127.0.0.1` for localhost.
 */
async function listenAtPort(server: Listener, where: { host: string; port: number }, text: string): Promise<string> {
  const bound = await server.listen(isName(where.host) ? { ...LOOPBACK, port: where.port } : where)
  return `${schemeOf(bound)}://${text.slice(0, text.lastIndexOf(':'))}${bound.slice(bound.lastIndexOf(':'))}`
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf('://'))
}

/** Whether a host is localhost or a name below it (RFC 6761, section 6.3). */
function isName(host: string): boolean {
  return isLoopback(host) && isIP(host) === 0
}

/**
 * Listens on a socket. Replaces a stale one, which a killed process left behind, but never one in use. On Windows it is
 * a named pipe, which vanishes with its process and has no mode.
 */
async function listenAtSocket(server: Listener, path: string, mode: number, system: NodeJS.Platform): Promise<string> {
  if (system === 'win32') {
    await server.listen({ path })
    return `unix:${path}`
  }
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH)
    throw new Error(`a socket path has at most ${LONGEST_SOCKET_PATH} bytes`)
  if (await isStale(path)) await rm(path)
  const before = process.umask(0o777 & ~mode)
  try {
    await server.listen({ path })
  } finally {
    process.umask(before)
  }
  return `unix:${path}`
}

/**
 * Whether a path is a socket that no server listens on. The file type is checked first: on Linux a regular file refuses
 * connections too, but it holds somebody's data.
 */
async function isStale(path: string): Promise<boolean> {
  const isSocket = await lstat(path).then(
    found => found.isSocket(),
    () => false,
  )
  return isSocket && isDead(path)
}

function isDead(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}

function explain({ code, message }: NodeJS.ErrnoException, text: string, address: Address, cure: string): string {
  if (code === 'EADDRINUSE') {
    const look =
      'path' in address ? `lsof ${address.path}` : `lsof -i :${address.port} (Linux: ss -ltnp; Windows: netstat -ano)`
    return `${text} is already in use; find the process with ${look}, or ${cure}`
  }
  if (code === 'EACCES') {
    // libuv reports a missing folder with this code, too
    const orElse = 'path' in address ? ', or the folder does not exist' : ''
    return `cannot listen at ${text}: permission denied${orElse}; ${cure}`
  }
  if (code === 'EADDRNOTAVAIL') return `cannot listen at ${text}: not an address of this machine; ${cure}`
  return `cannot listen at ${text}: ${code ?? message}; ${cure}`
}
