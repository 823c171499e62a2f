// How soon a request is a row of the page: from the moment it is sent to the moment the browser has drawn it.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'
import { startBrowser } from '../support/page.ts'
import { quantile } from '../support/quantile.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'

/** How long to wait for the last rows, in milliseconds. */
const LAST_ROWS = 1_000

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, rate: { type: 'string', default: '100' } },
})
const [seconds, rate] = [integer(values.seconds, 1, 600), integer(values.rate, 1, 1_000)]

const ends = []
const upstream = await startUpstream()
const { proxy, port, url } = await startProxy(upstream.url)
const browser = await startBrowser({ teardown: end => ends.push(end) })
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
await page.goto(`${url}/_proxy/#/requests`)
await page.getByText('No requests yet').waitFor()
await page.evaluate(noteRows)

const agent = new Agent({ keepAlive: true })
const sentAt = new Map()
const begin = performance.now()
for (let n = 0; n < seconds * rate; n++) {
  await sleep(Math.max(0, begin + (n * 1_000) / rate - performance.now()))
  sentAt.set(n, performance.timeOrigin + performance.now())
  request({ port, agent, path: `/v2/policy?n=${n}` }, answer => answer.resume()).end()
}
await sleep(LAST_ROWS)
const drawnAt = await page.evaluate(() => [...globalThis.drawnAt])
const took = drawnAt.map(([n, at]) => at - sentAt.get(n))
const [median, p95, most] = [0.5, 0.95, 1].map(part => quantile(took, part).toFixed(0))
console.log(`${sentAt.size} requests at ${rate}/s, ${took.length} of them became rows while they could be seen`)
console.log(`from request to row: median ${median} ms, p95 ${p95} ms, at most ${most} ms`)

agent.destroy()
for (const end of ends) await end()
await proxy.end()
upstream.close()

/** Runs in the page: notes when each row has been drawn, as the number in its target, and milliseconds since the epoch. */
function noteRows() {
  globalThis.drawnAt = new Map()
  const look = () => {
    for (const row of document.querySelectorAll('[role=option] .target')) {
      const n = Number(/n=(\d+)/.exec(row.textContent)?.[1])
      if (!globalThis.drawnAt.has(n)) globalThis.drawnAt.set(n, performance.timeOrigin + performance.now())
    }
  }
  // the observer is called before the frame is painted: the next one has been
  new MutationObserver(() => requestAnimationFrame(look)).observe(document.body, { childList: true, subtree: true })
}
