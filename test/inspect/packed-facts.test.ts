import t from 'tap'
import { PackedFacts } from '../../src/inspect/packed-facts.ts'
import type { RequestFacts } from '../../src/inspect/record.ts'
import { makeRecord } from './rig.ts'

/** The facts of a request that is over, with what a test says. */
function makeFacts(said: Partial<RequestFacts> = {}): RequestFacts {
  const { number, change, ...record } = makeRecord()
  return { ...record, requestHeaders: ['Accept', '*/*'], responseHeaders: ['Set-Cookie', 'a', 'Vary', ''], ...said }
}

const FAILED = makeFacts({
  client: 'ci–café',
  replayed: true,
  cache: 'miss',
  status: 0,
  times: { session: 0.25, queue: 1e9, upstream: 1 / 3, firstByte: null, total: 0 },
  problem: { type: 'upstream-error', title: 'Bad Request', detail: 'no\0such\nthing: “x”' },
  upstreamRequestId: 'theirs',
  requestHeaders: [],
  responseHeaders: [],
})

t.test('what is packed is unpacked as it was', async t => {
  const packed = new PackedFacts()
  for (const facts of [makeFacts(), FAILED, makeFacts({ tenant: null, status: 404, bytes: 2 ** 40 })]) {
    packed.pack(facts)
    t.strictSame(packed.unpack(), facts)
  }
})

t.test('facts of any length take the place of those before', async t => {
  const packed = new PackedFacts()
  const targets = ['a', 'é'.repeat(2_000), 'a'.repeat(3_000), '–'.repeat(2_000), 'é'.repeat(300_000), '']
  for (const target of targets) {
    packed.pack(makeFacts({ target }))
    t.strictSame(packed.unpack(), makeFacts({ target }))
  }
})
