import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type PeerCertificate, TLSSocket } from 'node:tls'

/** Where undici tells of each connection that it made. */
const CONNECTED = 'undici:client:connected'

/** What a TLS connection says of itself and of the other side. */
export interface Peer {
  /** Whether Node.js found the certificate good, for the name that was asked for. */
  readonly authorized: boolean
  /** `TLSv1.3` and the like. */
  readonly protocol: string | null
  readonly certificate: PeerCertificate
}

/** Runs `work`, and gives beside its result what the connection that it made says of itself; no peer without TLS. */
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
