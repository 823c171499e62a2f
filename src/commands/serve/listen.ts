import { lstat, rm } from 'node:fs/promises'
import { connect, isIP } from 'node:net'
import { platform } from 'node:os'
import { type Address, parseAddress } from '../../config/network/address.ts'
import type { ListenAddress } from '../../kernel/further-address.ts'
import { isLoopback } from '../../stacks/loopback.ts'
import { TlsError } from '../../tls/identity.ts'

/**
 * In bytes, the most that every system takes (macOS and the BSDs: `sun_path` has 104 with the final zero). Node 20 cuts a
 * longer one short without a word, and then listens elsewhere.
 */
const LONGEST_SOCKET_PATH = 103

/** Any free port of this machine's own address. */
export const ANY_PORT = '127.0.0.1:0'

/** What can listen, and gives a URL with the port in use. */
export interface Listener {
  listen(where: ListenAddress | { readonly path: string }): Promise<string>
}

/** What localhost stands for, whichever of the two a client tries first. */
const LOOPBACK = { host: '127.0.0.1', also: '::1' }

/** The address cannot be listened at. The message names the cure. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** The permissions of a socket that only its owner may use. */
const PRIVATE = 0o600

export interface ListenOptions {
  /** Default: 0600. */
  readonly socketMode?: number
  /** What to choose another address with. Default: `--listen-address`. */
  readonly flag?: string
  /** Default: this machine's. */
  readonly system?: NodeJS.Platform
}

/** Listens at `host:port` or `unix:/path`, a socket with that mode, and gives the address for people to use. */
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
    throw new ListenError(explain(error, text, address, `choose another with ${flag}`), { cause: error })
  })
}

/** Where port 0 was asked for, the address has the port that was had. */
async function listenAtPort(server: Listener, where: { host: string; port: number }, text: string): Promise<string> {
  const bound = await server.listen(isName(where.host) ? { ...LOOPBACK, port: where.port } : where)
  const scheme = bound.slice(0, bound.indexOf('://'))
  return `${scheme}://${text.slice(0, text.lastIndexOf(':'))}${bound.slice(bound.lastIndexOf(':'))}`
}

/** Whether it is localhost, or a name below it (RFC 6761, 6.3). */
function isName(host: string): boolean {
  return isLoopback(host) && isIP(host) === 0
}

/**
 * A socket that nobody serves any more is taken over; a living one never is. A named pipe of Windows is gone with whoever
 * served it, and has no mode.
 */
async function listenAtSocket(server: Listener, path: string, mode: number, system: NodeJS.Platform): Promise<string> {
  if (system === 'win32') {
    await server.listen({ path })
    return `unix:${path}`
  }
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH)
    throw new Error(`the path of a socket has at most ${LONGEST_SOCKET_PATH} bytes`)
  if (await isStale(path)) await rm(path)
  const before = process.umask(0o777 & ~mode)
  try {
    await server.listen({ path })
  } finally {
    process.umask(before)
  }
  return `unix:${path}`
}

/** Connecting to a plain file is refused too on Linux, and that is somebody's data: it is left alone. */
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
    return `${text} is taken: see by whom with ${look}, or ${cure}`
  }
  if (code === 'EACCES') {
    // libuv says so of a folder that does not exist, too
    const orElse = 'path' in address ? ', or its folder does not exist' : ''
    return `${text} may not be listened at by this user${orElse}: ${cure}`
  }
  if (code === 'EADDRNOTAVAIL') return `${text} is not an address of this machine: ${cure}`
  return `${text} cannot be listened at (${code ?? message}): ${cure}`
}
