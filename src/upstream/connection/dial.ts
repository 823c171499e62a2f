import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup as lookUp } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { platform } from 'node:os'
import { addAbortSignal } from 'node:stream'
import { bareHost } from '../../http/host.ts'
import type { Clock, Timer } from '../../kernel/clock.ts'

/** Where a connection leads. */
export interface End {
  /** A name or address; an IPv6 address may be in brackets. */
  readonly host: string
  readonly port: number
}

/** Gives the addresses of a name, those first that are to be tried first. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>

/** Milliseconds after which the next address is tried too (RFC 8305, 5, "Connection Attempt Delay"). */
const ATTEMPT_DELAY = 250

/** An idle connection is probed after so many milliseconds: nobody else tells of a host that is gone. */
const PROBE_AFTER = 60_000

const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER,
  highWaterMark: 64 * 1024,
} as const

/** Families that this machine has no address of are not asked for, but on Windows, where that would take localhost away. */
const HINTS: Partial<Record<NodeJS.Platform, number>> = { win32: 0 }

/** Looks names up as the operating system does. */
export const systemLookup: Lookup = name => lookUp(name, { all: true, hints: HINTS[platform()] ?? ADDRCONFIG })

/** Codes of an address that this machine has no way to, of which a name may have some that do not matter. */
const NO_WAY = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Where servers of a protocol listen unless a URL says otherwise. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Of SOCKS (RFC 1928, 3). */
const SOCKS_PORT = 1080

export interface DialOptions {
  readonly clock: Clock
  readonly lookup: Lookup
  /** Gives up with its reason. */
  readonly signal: AbortSignal
  /** Whether the connection goes on when the other side says no more. Default: false. */
  readonly allowHalfOpen?: boolean
}

/**
 * Opens a TCP connection to a host at whichever of its addresses answers first (RFC 8305): the next is tried as well when
 * one has not answered for a while, so an address that is dead costs little and one that is far away is not given up.
 * Node.js gives an address up after 250 ms, and so never reaches one whose answers take longer.
 */
export async function dial({ host, port }: End, options: DialOptions): Promise<Socket> {
  const name = bareHost(host)
  const addresses = isIP(name) === 0 ? inTurns(await options.lookup(name)).map(({ address }) => address) : [name]
  return new Promise((resolve, reject) => new Race(addresses, port, options, resolve, reject).start())
}

/** The port of a URL, or that of its protocol. */
export function portOf({ port, protocol }: URL): number {
  return Number(port || (PORTS[protocol] ?? SOCKS_PORT))
}

/** Has a connection end when the signal aborts. Whoever uses it hears of its errors by listeners of their own. */
export function bound(socket: Socket, signal: AbortSignal): Socket {
  return addAbortSignal(
    signal,
    socket.on('error', () => {}),
  )
}

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
    signal.addEventListener('abort', this.#giveUp)
    if (signal.aborted) this.#giveUp()
    else this.#tryNext()
  }

  readonly #giveUp = () => {
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
    this.#reject(oneOf(this.#errors))
  }

  #end(): void {
    const { clock, signal } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    signal.removeEventListener('abort', this.#giveUp)
    for (const socket of this.#running) socket.destroy()
  }
}

/** The families take turns, beginning with that of the first address (RFC 8305, 4). */
function inTurns(addresses: readonly LookupAddress[]): LookupAddress[] {
  const isFirst = ({ family }: LookupAddress) => family === addresses[0]?.family
  const [ones, others] = [addresses.filter(isFirst), addresses.filter(each => !isFirst(each))]
  const pairs = ones.flatMap((each, index) => [each, ...others.slice(index, index + 1)])
  return [...pairs, ...others.slice(ones.length)]
}

/** The errors as one, those first that say most of the host. */
function oneOf(errors: readonly NodeJS.ErrnoException[]): Error {
  const hasWay = ({ code = '' }: NodeJS.ErrnoException) => !NO_WAY.has(code)
  const [first, ...others] = [...errors.filter(hasWay), ...errors.filter(error => !hasWay(error))]
  return first && others.length === 0 ? first : new AggregateError([first, ...others])
}
