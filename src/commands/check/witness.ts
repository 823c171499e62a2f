import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type PeerCertificate, TLSSocket } from 'node:tls'

/** Where undici tells of each connection that it made, its TLS verified. */
const CONNECTED = 'undici:client:connected'

/**
 * Runs `work`, and gives beside its result the certificate that the other side showed; undefined without TLS. Behind an
 * https proxy that of the API comes last, and counts.
 */
export async function witness<T>(work: () => Promise<T>): Promise<{ result: T; certificate?: PeerCertificate }> {
  const certificates: PeerCertificate[] = []
  const onConnected = (message: unknown) => {
    const { socket }: { socket?: unknown } = Object(message)
    if (socket instanceof TLSSocket) certificates.push(socket.getPeerCertificate())
  }
  subscribe(CONNECTED, onConnected)
  try {
    const result = await work()
    const certificate = certificates.at(-1)
    return { result, ...(certificate && { certificate }) }
  } finally {
    unsubscribe(CONNECTED, onConnected)
  }
}
