import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { StepResult } from '../../src/commands/demo/step.ts'
import { tour } from '../../src/commands/demo/tour.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/index.ts'
import { startPair } from '../support/proxy.ts'

/** Takes the tour of a proxy and its simulator, which `spoil` may put out of order first. */
async function take(t: Test, spoil = (_simulator: Simulator) => {}, simulated: Partial<SimulatorOptions> = {}) {
  const { port, simulator } = await startPair(t, {}, simulated)
  spoil(simulator)
  const address = `http://127.0.0.1:${port}`
  return { address, results: await collect(tour(address, simulator)) }
}

async function collect(results: AsyncIterable<StepResult>): Promise<StepResult[]> {
  const all: StepResult[] = []
  for await (const result of results) all.push(result)
  return all
}

t.test('every step goes as promised', async t => {
  const { results, address } = await take(t)
  for (const { held, shows, outcome } of results) t.ok(held, `${shows}: ${outcome}`)
  t.strictSame(
    results.map(({ command }) => command.replaceAll(address, '')),
    [
      'curl /v2/policy',
      `curl /v2/alert -d '{"timeRange":{"type":"to_now","value":"epoch"},"limit":2}'`,
      'curl /code/api/v1/repositories',
      'curl /cloud',
      'curl /errors/header',
      'curl /alert/csv/1/download',
      "curl /v2/policy -H 'Origin: https://attacker.example'",
      'curl /_proxy/status',
    ],
  )
})

t.test('the outcome of a step is the status and the beginning of the answer, on one line', async t => {
  const { results } = await take(t)
  for (const { outcome } of results) t.match(outcome, /^[24]\d\d [^\n]{1,100}$/)
  t.equal(results[0]?.outcome.length, '200 '.length + 100)
  t.match(results[0]?.outcome, /^200 \[.*…$/)
})

t.test('a step that does not go as promised is told so', async t => {
  const { results } = await take(t, simulator =>
    simulator.fault({ kind: 'status', status: 500, path: '/code', times: 2 }),
  )
  t.strictSame(
    results.map(({ held }) => held),
    [true, true, false, true, true, true, true, true],
  )
  t.match(results[2]?.outcome, /^500 /)
})

t.test('a session that cannot be had spoils what needs one', async t => {
  const { results } = await take(t, simulator =>
    simulator.fault({ kind: 'refuse-login', times: Number.POSITIVE_INFINITY }),
  )
  t.strictSame(
    results.map(({ held }) => held),
    [false, false, false, false, false, false, true, false],
  )
})

t.test('no step holds where nobody listens, or where something else does', async t => {
  const { simulator } = await startPair(t)
  const server = createServer((_request, response) => response.end('OK'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const address = `http://127.0.0.1:${port}`
  const lost = await collect(tour(address, simulator))
  for (const { held, shows } of lost.filter(({ command }) => !command.includes('/code/'))) t.notOk(held, shows)
  t.equal(lost[2]?.outcome, '200 OK')
  t.match(lost[0]?.outcome, /^failed: SyntaxError/)
  await new Promise(resolve => server.close(resolve))
  const gone = await collect(tour(address, simulator))
  t.equal(gone.length, lost.length)
  for (const { held, outcome } of gone) t.match({ held, outcome }, { held: false, outcome: /^failed: .*ECONNREFUSED/ })
})
