import t from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { call as request } from '../support/http.ts'
import { clientOf, startPair } from '../support/proxy.ts'

const RATE = 20
const BURST = 20
const CLIENTS = 20
/** Requests of each client, and how many it has there at one time. */
const REQUESTS = 100
const AT_ONCE = 4
/** Milliseconds by which time moves on, and after which another party asks, once half of all is done. */
const STEP = 25
const OTHERS_EVERY = 100

t.test('twenty clients without any backoff use up what others leave of a limit, and never meet it', async t => {
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    clientOf(`client-${n}`, `token-of-client-${n}`, {}, n === 0),
  )
  const rateLimits = { 'GET /v2/policy': { rate: RATE, burst: BURST } }
  const { app, call, clock, simulator } = await startPair(
    t,
    { config: { clients } },
    { rateLimits, refill: 'continuous' },
  )
  const started = clock.monotonic()
  const waits = clients.map((): number[] => [])
  const statuses = new Map<number, number>()
  let [sent, answered, finishedAt] = [0, 0, started]

  async function worker(client: number): Promise<void> {
    while (sent < CLIENTS * REQUESTS) {
      sent++
      const from = clock.monotonic()
      const { status } = await call('/v2/policy', {
        headers: { 'x-prismacloud-proxy-token': `token-of-client-${client}` },
      })
      answered++
      finishedAt = clock.monotonic()
      waits[client]?.push(finishedAt - from)
      statuses.set(status, Number(statuses.get(status) ?? 0) + 1)
    }
  }

  const others = await otherParty(simulator.url)
  const workers = clients.flatMap((_, client) => Array.from({ length: AT_ONCE }, () => worker(client)))
  const headers = { 'x-prismacloud-proxy-token': 'token-of-client-0' }
  const waiting = async () => (await app.server.inject({ url: '/_proxy/status', headers })).json().pacing.waiting
  const isQuiet = async () => sent - answered === (await waiting())
  for (let passed = STEP; answered < CLIENTS * REQUESTS; passed += STEP) {
    await clock.advance(STEP)
    if (answered > (CLIENTS * REQUESTS) / 2 && passed % OTHERS_EVERY === 0) await others.ask()
    while (!(await isQuiet())) await clock.advance(0)
  }
  await Promise.all(workers)

  t.strictSame([...statuses], [[200, CLIENTS * REQUESTS]])
  const budget = BURST + (RATE * (finishedAt - started)) / 1000 - others.served
  t.ok(CLIENTS * REQUESTS >= 0.95 * budget, `${CLIENTS * REQUESTS} of ${Math.round(budget)} were there to be had`)
  t.ok(others.served > 0.9 * others.asked, `others had ${others.served} of ${others.asked}`)
  const means = waits.map(each => Math.round(each.reduce((sum, ms) => sum + ms, 0) / each.length))
  t.ok(Math.max(...means) <= 1.2 * Math.min(...means), `clients waited for ${means} ms`)
  t.comment(`${simulator.counts.throttled} refused by the upstream, of ours and others'`)
})

/** Somebody who asks the upstream with the same user's session. */
async function otherParty(url: string) {
  const port = Number(new URL(url).port)
  const body = JSON.stringify({ username: DEMO_USER.accessKeyId, password: DEMO_USER.secretKey })
  const login = await request(port, '/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const headers = { 'x-redlock-auth': login.json().token }
  return {
    asked: 0,
    served: 0,
    async ask() {
      this.asked++
      if ((await request(port, '/v2/policy', { headers })).status === 200) this.served++
    },
  }
}
