import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type PeerCertificate, TLSSocket } from 'node:tls'

/** The diagnostics channel on which undici publishes each new connection. */
const CONNECTED = 'undici:client:connected'

/** The other side of a TLS connection, as its socket reports it. */
export interface Peer {
  /** Whether Node.js verified the certificate for the host that the connection was made to. */
  readonly authorized: boolean
  /** The TLS version, such as `TLSv1.3`. */
  readonly protocol: string | null
  readonly certificate: PeerCertificate
}

/**
 * Runs `work` and returns its result together with the peer of the TLS connection that it made. Without TLS there is no
 * peer.
 */
export async function witness<T>(work: () => Promise<T>): Promise<{ result: T; peer?: Peer }> {
  let peer: Peer | undefined
  const onConnected = (message: unknown) => {
    const { socket }: { socket?: unknown } = Object(message)
    if (socket instanceof TLSSocket) peer = peerOf(socket)
  }
  subscribe(CONNECTED, onConnected)
  try {
    const result = await work()
    return { result, ...(peer && { peer }) }
  } finally {
    unsubscribe(CONNECTED, onConnected)
  }
}

function peerOf(socket: TLSSocket): Peer {
  return { authorized: socket.authorized, protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() }
}
