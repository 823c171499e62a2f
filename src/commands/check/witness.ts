import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type PeerCertificate, TLSSocket } from 'node:tls'

/** Where undici tells of each connection that it made, its TLS verified. */
const CONNECTED = 'undici:client:connected'

/** Runs `work`, and gives beside its result the certificate that the other side showed; undefined without TLS. */
export async function witness<T>(work: () => Promise<T>): Promise<{ result: T; certificate?: PeerCertificate }> {
  let certificate: PeerCertificate | undefined
  const onConnected = (message: unknown) => {
    const { socket }: { socket?: unknown } = Object(message)
    if (socket instanceof TLSSocket) certificate = socket.getPeerCertificate()
  }
  subscribe(CONNECTED, onConnected)
  try {
    const result = await work()
    return { result, ...(certificate && { certificate }) }
  } finally {
    unsubscribe(CONNECTED, onConnected)
  }
}
