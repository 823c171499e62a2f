import { answerTo, open, type Reply, readReply } from '../support/http.ts'
import type { TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** A request whose body has begun, and outgrows what its proxy keeps when the test says so. */
export interface GrowingBody {
  /** Sends the rest, and waits until the proxy has read it. */
  grow(): Promise<void>
  reply(): Promise<Reply>
}

/** Begins a request on a connection of its own, which must be the first that the proxy gets. */
export function growingBody({ app, port }: Pick<TestProxy, 'app' | 'port'>): GrowingBody {
  const read: (() => number)[] = []
  app.server.server.on('connection', socket => read.push(() => socket.bytesRead))
  const bytesRead = () => read[0]?.() ?? 0
  const sent = open(port, '/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })
  sent.write('12345')
  return {
    async grow() {
      const before = bytesRead()
      sent.end('x'.repeat(1000))
      await until(() => bytesRead() > before + 1000)
    },
    reply: async () => readReply(await answerTo(sent)),
  }
}
