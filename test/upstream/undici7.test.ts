import t from 'tap'
import type { DispatchController, DispatchHandler } from '../../src/upstream/undici/handler.ts'
import { Undici7Handler } from '../../src/upstream/undici/undici7.ts'

/** A handler that notes what it is told, and the one that undici would call. */
function translated() {
  const events: unknown[] = []
  const note = (name: string) => (controller: DispatchController | null | undefined, what?: unknown) => {
    events.push([name, controller === older, what])
  }
  const handler: DispatchHandler = {
    onRequestStart: note('start'),
    onResponseStarted: () => void events.push(['started']),
    onResponseStart: note('head'),
    onResponseData: note('data'),
    onResponseEnd: note('end'),
    onResponseError: note('error'),
  }
  const older: Undici7Handler = new Undici7Handler(handler)
  return { events, older }
}

t.test('what undici 7 reports arrives in the current interface', async t => {
  const { events, older } = translated()
  const [head, piece, failure] = [[Buffer.from('a'), Buffer.from('b')], Buffer.from('x'), new Error('gone')]
  older.onConnect(() => {})
  older.onResponseStarted()
  t.equal(
    older.onHeaders(200, head, () => {}),
    true,
  )
  t.equal(older.rawHeaders, head)
  t.equal(older.onData(piece), true)
  older.onComplete(['c', 'd'])
  t.strictSame(older.rawTrailers, ['c', 'd'])
  older.onError(failure)
  t.strictSame(events, [
    ['start', true, undefined],
    ['started'],
    ['head', true, 200],
    ['data', true, piece],
    ['end', true, undefined],
    ['error', true, failure],
  ])
})

t.test('a pause holds undici back until the handler resumes, once', async t => {
  const { older } = translated()
  let resumed = 0
  older.onConnect(() => {})
  older.pause()
  t.equal(
    older.onHeaders(200, [], () => resumed++),
    false,
  )
  t.equal(older.onData(Buffer.alloc(1)), false)
  t.ok(older.paused)
  older.resume()
  older.resume()
  t.equal(resumed, 1)
  t.notOk(older.paused)
})

t.test('an abort reaches undici once, with its reason', async t => {
  const { older } = translated()
  const reasons: unknown[] = []
  older.onConnect(reason => void reasons.push(reason))
  t.strictSame([older.aborted, older.reason], [false, null])
  const reason = new Error('enough')
  older.abort(reason)
  older.abort(new Error('later'))
  t.strictSame(reasons, [reason])
  t.strictSame([older.aborted, older.reason], [true, reason])
})
