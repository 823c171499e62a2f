import t from 'tap'
import { childOf, parseTraceparent, traceparentOf } from '../../src/request/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

t.test('a traceparent is read, and written as version 00', async t => {
  const sampled = { traceId: TRACE, spanId: SPAN, isSampled: true }
  t.strictSame(parseTraceparent(`00-${TRACE}-${SPAN}-01`), sampled)
  t.strictSame(parseTraceparent(`00-${TRACE}-${SPAN}-03`), sampled)
  t.strictSame(parseTraceparent(`00-${TRACE}-${SPAN}-02`), { ...sampled, isSampled: false })
  t.equal(traceparentOf(sampled), `00-${TRACE}-${SPAN}-01`)
  t.equal(traceparentOf({ ...sampled, isSampled: false }), `00-${TRACE}-${SPAN}-00`)
})

t.test('a later version may have more fields', async t => {
  t.match(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`), { traceId: TRACE, isSampled: true })
  t.match(parseTraceparent(`cc-${TRACE}-${SPAN}-00`), { spanId: SPAN })
})

t.test('anything else is no traceparent', async t => {
  const invalid = [
    undefined,
    '',
    'ff-'.concat(TRACE, '-', SPAN, '-01'),
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01.what`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `0-${TRACE}-${SPAN}-01`,
  ]
  for (const header of invalid) t.equal(parseTraceparent(header), null, `${header}`)
})

t.test('a child belongs to the trace and has an id of its own', async t => {
  const parent = { traceId: TRACE, spanId: SPAN, isSampled: true }
  const [one, other] = [childOf(parent), childOf(parent)]
  t.match(one, { traceId: TRACE, spanId: /^[0-9a-f]{16}$/, isSampled: true })
  t.equal(new Set([one.spanId, other.spanId, SPAN]).size, 3)
})
