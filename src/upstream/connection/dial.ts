import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup as lookUp } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { platform } from 'node:os'
import { addAbortSignal } from 'node:stream'
import { bareHost } from '../../http/host.ts'
import type { HostPort } from '../../http/host-port.ts'
import type { Clock, Timer } from '../../kernel/clock.ts'

/** Resolves a name to its addresses, in the order in which to try them. Rejects with the codes of node:dns. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>

/** Milliseconds before the next address is tried as well (RFC 8305, 5, "Connection Attempt Delay"). */
const ATTEMPT_DELAY = 250

/** Milliseconds of idle time before TCP keep-alive probes: nothing else detects a host that has vanished. */
const PROBE_AFTER = 60_000

const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER,
  highWaterMark: 64 * 1024,
} as const

/** ADDRCONFIG skips address families that this machine does not have. On Windows it would hide localhost. */
const HINTS: Partial<Record<NodeJS.Platform, number>> = { win32: 0 }

/** Resolves names with the operating system's resolver (getaddrinfo). */
export const systemLookup: Lookup = name => lookUp(name, { all: true, hints: HINTS[platform()] ?? ADDRCONFIG })

/** Codes of an address without a route. A name may have such addresses; other errors say more about the host. */
const NO_ROUTE = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Default ports by the protocol of a URL. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Default port of SOCKS (RFC 1928, 3). */
const SOCKS_PORT = 1080

/** What {@link dial} needs besides the host and port. */
export interface DialOptions {
  readonly clock: Clock
  readonly lookup: Lookup
  /** Aborts all attempts; `dial` rejects with its reason. */
  readonly signal: AbortSignal
  /** Whether the socket stays writable after the other side has ended. Default: false. */
  readonly allowHalfOpen?: boolean
}

/**
 * Opens a TCP connection to the first address of a host that accepts one (Happy Eyeballs, RFC 8305). After 250 ms
 * without a reply the next address is tried in parallel, so a dead address costs little and a slow one still has its
 * chance. Node.js' own implementation drops an address after 250 ms and never reaches one that is slower.
 */
export async function dial({ host, port }: HostPort, options: DialOptions): Promise<Socket> {
  const name = bareHost(host)
  const addresses = isIP(name) === 0 ? interleave(await options.lookup(name)).map(({ address }) => address) : [name]
  return new Promise((resolve, reject) => new Race(addresses, port, options, resolve, reject).start())
}

/** The port of a URL, or the default port of its protocol. */
export function portOf({ port, protocol }: URL): number {
  return Number(port || (PORTS[protocol] ?? SOCKS_PORT))
}

/**
 * Destroys a connection when the signal aborts. Also swallows its errors: users of the socket add listeners of their
 * own.
 */
export function abortable(socket: Socket, signal: AbortSignal): Socket {
  return addAbortSignal(
    signal,
    socket.on('error', () => {}),
  )
}

/** Races connection attempts to the addresses of one host; the first to succeed wins. */
class Race {
  readonly #addresses: readonly string[]
  readonly #port: number
  readonly #options: DialOptions
  readonly #resolve: (socket: Socket) => void
  readonly #reject: (error: unknown) => void
  readonly #running = new Set<Socket>()
  readonly #errors: NodeJS.ErrnoException[] = []
  #tried = 0
  #timer: Timer | undefined

  constructor(
    addresses: readonly string[],
    port: number,
    options: DialOptions,
    resolve: (socket: Socket) => void,
    reject: (error: unknown) => void,
  ) {
    this.#addresses = addresses
    this.#port = port
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    const { signal } = this.#options
    signal.addEventListener('abort', this.#abort)
    if (signal.aborted) this.#abort()
    else this.#tryNext()
  }

  readonly #abort = () => {
    this.#end()
    this.#reject(this.#options.signal.reason)
  }

  readonly #tryNext = () => {
    const { clock, allowHalfOpen = false } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    const host = this.#addresses[this.#tried++]
    if (host === undefined) return
    const socket = connect({ host, port: this.#port, allowHalfOpen, ...SOCKET_OPTIONS })
    const fail = (error: NodeJS.ErrnoException) => this.#fail(socket, error)
    this.#running.add(socket.once('error', fail))
    socket.once('connect', () => {
      this.#running.delete(socket.off('error', fail))
      this.#end()
      this.#resolve(socket)
    })
    this.#timer = clock.setTimeout(this.#tryNext, ATTEMPT_DELAY)
  }

  #fail(socket: Socket, error: NodeJS.ErrnoException): void {
    this.#running.delete(socket)
    if (this.#errors.push(error) < this.#addresses.length) {
      this.#tryNext()
      return
    }
    this.#end()
    this.#reject(joined(this.#errors))
  }

  #end(): void {
    const { clock, signal } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    signal.removeEventListener('abort', this.#abort)
    for (const socket of this.#running) socket.destroy()
  }
}

/** Interleaves the address families, beginning with that of the first address (RFC 8305, 4). */
function interleave(addresses: readonly LookupAddress[]): LookupAddress[] {
  const isFirst = ({ family }: LookupAddress) => family === addresses[0]?.family
  const [ones, others] = [addresses.filter(isFirst), addresses.filter(each => !isFirst(each))]
  const pairs = ones.flatMap((each, index) => [each, ...others.slice(index, index + 1)])
  return [...pairs, ...others.slice(ones.length)]
}

/** Joins the errors of all attempts, beginning with those that say most about the host. */
function joined(errors: readonly NodeJS.ErrnoException[]): Error {
  const hasRoute = ({ code = '' }: NodeJS.ErrnoException) => !NO_ROUTE.has(code)
  const [first, ...others] = [...errors.filter(hasRoute), ...errors.filter(error => !hasRoute(error))]
  return first && others.length === 0 ? first : new AggregateError([first, ...others])
}
