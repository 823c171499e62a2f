import t from 'tap'
import { type BodySettings, KeptBodies } from '../../src/inspect/kept-bodies.ts'

/** Has a body pass in each direction, and says how the request ended. */
function kept(bodies: BodySettings['bodies'], status: number, isError: boolean): KeptBodies {
  const all = new KeptBodies({ bodies, maxBody: 100 })
  for (const piece of ['a', 'b']) all.received(Buffer.from(piece))
  for (const piece of ['c', 'd']) all.sent(Buffer.from(piece), status)
  all.ended(isError)
  return all
}

const texts = ({ request, response }: KeptBodies) => [request?.bytes.toString(), response?.bytes.toString()]

t.test('all bodies are kept if all are wanted, else those of errors', async t => {
  t.same(texts(kept('all', 200, false)), ['ab', 'cd'])
  t.same(texts(kept('errors', 404, true)), ['ab', 'cd'])
  t.same(texts(kept('errors', 200, false)), [undefined, undefined])
})

t.test('a good response is never kept if only errors are wanted, but the request is: it may break off', async t => {
  t.same(texts(kept('errors', 200, true)), ['ab', undefined])
})

t.test('bodies that were dropped are gone, with what still comes', async t => {
  const all = new KeptBodies({ bodies: 'all', maxBody: 100 })
  all.received(Buffer.from('a'))
  all.drop()
  all.received(Buffer.from('b'))
  all.sent(Buffer.from('c'), 500)
  t.same(texts(all), [undefined, undefined])
})

t.test('a request without bodies has none', async t => {
  t.same(texts(new KeptBodies({ bodies: 'all', maxBody: 100 })), [undefined, undefined])
})
