import { once } from 'node:events'
import { request } from 'node:https'
import { type AddressInfo, isIP } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { contextOptions, type Identity } from '../../src/tls/identity.ts'
import { checkIdentity } from '../support/check-identity.ts'
import { answerTo, type Reply, readReply } from '../support/http.ts'

/** Makes a TLS connection to 127.0.0.1 as if it were `host`. Rejects if the handshake fails. */
export async function shakeHands(port: number, host: string, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    // SNI does not allow addresses (RFC 6066, 3)
    servername: isIP(host) ? '' : host,
    checkServerIdentity: (_, certificate) => checkIdentity(host, certificate),
    ...options,
  })
  await once(socket, 'secureConnect')
  return socket
}

/** The verdict of a client that trusts `ca` on a server with this identity, reached as `host`. */
export async function verdictOn(t: Test, identity: Identity, ca: string, host: string): Promise<string> {
  const server = createServer(contextOptions(identity)).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const socket = await shakeHands(port, host, { ca })
    socket.destroy()
    return 'trusted'
  } catch (error) {
    return (error as Error).message
  }
}

/** Sends a request to 127.0.0.1 by https as if it were `host`. */
export async function callSecurely(port: number, path: string, ca: string, host = 'localhost'): Promise<Reply> {
  const createConnection = () => connect({ port, host: '127.0.0.1', servername: host, ca })
  const sent = request({ path, headers: { host: `${host}:${port}` }, createConnection })
  sent.end()
  return readReply(await answerTo(sent))
}
