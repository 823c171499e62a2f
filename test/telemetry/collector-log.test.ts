import { Writable } from 'node:stream'
import t from 'tap'
import { createLog } from '../../src/kernel/log.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { CollectorLog } from '../../src/telemetry/otel/collector-log.ts'
import { testClock } from '../support/clock.ts'

function start() {
  const lines: string[] = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()).msg)
      done()
    },
  })
  const clock = testClock()
  const secrets = [new Secret('MARK-of-the-collector')]
  const collectorLog = new CollectorLog({
    log: createLog('trace', output, clock),
    clock,
    collector: 'http://c',
    secrets,
  })
  return { collectorLog, clock, lines }
}

t.test('spans that found no place are reported once a minute, when the collector takes others', async t => {
  const { collectorLog, clock, lines } = start()
  collectorLog.delivered()
  collectorLog.full(2)
  t.strictSame(lines, [])
  for (let times = 0; times < 3; times++) {
    collectorLog.delivered()
    collectorLog.full(1)
  }
  t.match(lines, [/^2 spans were lost: they are made faster than sent/])
  t.equal(lines.length, 1)
  await clock.advance(60_000)
  collectorLog.delivered()
  collectorLog.delivered()
  t.match(lines[1], /^3 spans were lost/)
  t.equal(lines.length, 2)
})

t.test('while the collector is away, all that is lost is told at once, when it is back', async t => {
  const { collectorLog, lines } = start()
  for (let times = 0; times < 3; times++) collectorLog.failed(2, Object.assign(new Error(''), { code: 'ECONNREFUSED' }))
  t.ok(collectorLog.isFailing)
  collectorLog.full(5)
  collectorLog.diagnostic('what matters now', [])
  collectorLog.delivered()
  t.notOk(collectorLog.isFailing)
  t.strictSame(lines, [
    'traces cannot be sent to http://c (ECONNREFUSED); spans are lost until that works again',
    'traces are sent to http://c again; 11 spans were lost',
  ])
})

t.test('the reason shows no secret, and nothing that the collector wrote', async t => {
  for (const [error, reason] of [
    [Object.assign(new Error('MARK-of-the-collector?'), { code: 401, data: 'MARK' }), 'it returned 401'],
    [new Error('no MARK-of-the-collector'), 'no [secret]'],
    [new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' })]), 'ECONNREFUSED'],
  ] as const) {
    const { collectorLog, lines } = start()
    collectorLog.failed(1, error)
    t.strictSame(lines, [`traces cannot be sent to http://c (${reason}); spans are lost until that works again`])
  }
})
