import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** A bound TCP or Unix socket of Node.js that nobody reads or accepts from: what a service manager holds. */
export interface BoundSocket {
  readonly fd: number
  bind(address: string, port?: number): number
  bind6(address: string, port: number): number
  getsockname(into: Partial<AddressInfo>): number
  close(): void
}

/** The type of a handle that is for a server, not for a connection. */
const SERVER = 1

/** Makes a TCP socket at a free port, or a Unix socket. Whoever gets it closes it. */
export async function boundSocket(at: { readonly host: string } | { readonly path: string }): Promise<BoundSocket> {
  const model = createServer().listen('host' in at ? { port: 0, host: at.host } : { path: `${at.path}.model` })
  await once(model, 'listening')
  const Handle = Object(model)._handle.constructor as new (type: number) => BoundSocket
  await new Promise(resolve => model.close(resolve))
  const handle = new Handle(SERVER)
  const error = 'path' in at ? handle.bind(at.path) : handle[at.host.includes(':') ? 'bind6' : 'bind'](at.host, 0)
  if (error !== 0) throw new Error(`cannot bind: ${error}`)
  return handle
}

/** The port of a TCP socket. */
export function portOf(socket: BoundSocket): number {
  const address: Partial<AddressInfo> = {}
  socket.getsockname(address)
  return Number(address.port)
}

/** The socket as `passedSockets` opens it. */
export function opened(socket: BoundSocket): Socket {
  return new Socket({ handle: socket, readable: false, writable: false } as object)
}

/** Runs what follows it in its own place, as the process that the sockets are for: only that knows its number. */
export const OWN_PID = ['sh', '-c', '[ -n "$LISTEN_PID" ] || export LISTEN_PID=$$; exec "$@"', 'sh']

/** Starts a program in TypeScript, whose coverage counts, with sockets from descriptor 3 on. */
export function spawnWithSockets(
  script: string,
  sockets: readonly (object | number)[],
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> {
  const [program = '', ...args] = [...OWN_PID, process.execPath, '--import=./.ci/strip-types.js', script]
  const stdio = ['ignore', 'pipe', 'pipe', ...sockets] as ['ignore', 'pipe', 'pipe']
  return spawn(program, args, { stdio, env: { ...process.env, LISTEN_FDS: `${sockets.length}`, ...env } })
}
