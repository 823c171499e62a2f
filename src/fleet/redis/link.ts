import type { ConnectionOptions } from 'node:tls'

/** Connections to the store that live and die together: if one of them fails, all are replaced. */
export interface Link {
  /** Sends a command to the server that has the key, or to any if there is no key. */
  send(key: string | undefined, command: readonly string[]): Promise<unknown>
  /** Calls `heard` for each message in a channel. */
  subscribe(channel: string, heard: (message: string) => void): Promise<void>
  /** Resolves once every server has responded on every connection. */
  ping(): Promise<void>
}

/** User and password, as they were when the connection was opened; without a password there is no login. */
export interface Login {
  readonly username?: string
  readonly password?: string
}

/** What opening a {@link Link} takes. */
export interface LinkOptions {
  /** The options of TLS; null for connections without TLS. */
  readonly tls: ConnectionOptions | null
  /** Reads the login, anew for each connection. */
  readonly credentials: () => Promise<Login>
  readonly database: number
  /** Destroys all connections when it aborts, including those that are being opened. */
  readonly signal: AbortSignal
  /** Called for whatever goes wrong with a connection. */
  readonly onError: (error: Error) => void
}

/** Opens a link; rejects if it cannot. `signal` ends it, `onError` is called when something fails later. */
export type OpenLink = (signal: AbortSignal, onError: (error: Error) => void) => Promise<Link>
