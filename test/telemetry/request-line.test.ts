import t from 'tap'
import { type PaintStatus, requestLine, requestLines } from '../../src/telemetry/request-line.ts'

const plain: PaintStatus = (_colour, text) => text

const lineOf = requestLines(plain)

const SERVED = {
  requestId: '00000000-0000-0000-0000-000000000012',
  method: 'POST',
  path: '/v2/alert',
  tenant: 'eu',
  status: 200,
  ms: 852,
  queue: 840,
  msg: 'POST /v2/alert 200',
}

t.test('a request is told by status, method, path, times, tenant and the end of its id', async t => {
  t.equal(lineOf(SERVED), '200 POST /v2/alert 852 ms (queued 840) eu …0012')
})

t.test('what a request did not have is left out', async t => {
  const bare = { ...SERVED, queue: 0, tenant: null, requestId: 'ab' }
  t.equal(lineOf(bare), '200 POST /v2/alert 852 ms …ab')
})

t.test('a failed request is told with the reason', async t => {
  const msg = 'POST /v2/alert 502: no connection: refused'
  const failed = { ...SERVED, status: 502, problem: 'upstream-unreachable', msg }
  t.equal(lineOf(failed), '502 POST /v2/alert 852 ms (queued 840) eu …0012: no connection: refused')
})

t.test('the status is coloured by its class', async t => {
  const colourOf = (status: number) => requestLines((colour, text) => `<${colour} ${text}>`)({ ...SERVED, status })
  t.match([204, 303, 404, 503, 101].map(colourOf), [
    /^<green 204> /,
    /^<cyan 303> /,
    /^<yellow 404> /,
    /^<red 503> /,
    /^<gray 101> /,
  ])
  t.match(colourOf(0), /^<gray aborted> POST .* <gray …0012>$/)
})

t.test('nothing of a request can act on a terminal', async t => {
  const path = '/\u001b[2J\u009b'
  const hostile = { ...SERVED, path, requestId: '\u001b[2J', problem: 'x', msg: 'x: \u001b' }
  const [line, escaped] = [lineOf(hostile), '\\u001b']
  t.equal(line, `200 POST /${escaped}[2J\\u009b 852 ms (queued 840) eu …${escaped}[2J: ${escaped}`)
})

t.test('other lines are not about a request', async t => {
  t.equal(lineOf({ msg: 'ready in 5 ms', ms: 5 }), undefined)
  t.equal(lineOf({ status: 200 }), undefined)
})

t.test('a request that runs has no status yet', async t => {
  const facts = { ...SERVED, target: '/v2/alert', status: null, failure: null }
  t.equal(requestLine(facts, plain), 'running POST /v2/alert 852 ms (queued 840) eu …0012')
})
