// Node.js sends the head of an answer with the first of its body, whenever that comes, unless it is told to flush it.
import t from 'tap'
import { answerTo, open } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('a client sees the head of an answer whose body has not begun', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '')
    await request.closed
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x')
  sent.end()
  const answer = await answerTo(sent)
  t.equal(answer.statusCode, 200)
  answer.on('error', () => {}).destroy()
})
