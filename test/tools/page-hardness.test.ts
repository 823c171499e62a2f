// What the page endures, with a real browser: hostile texts, restarts, several tabs, thousands of rows.
import { once } from 'node:events'
import { request } from 'node:http'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, startSimulator } from '../../src/simulator/index.ts'
import { freePort } from '../support/free-port.ts'
import { barriers, openPage, startBrowser, startServed } from '../support/page.ts'
import { startCli } from '../support/process.ts'
import { clientOf, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const browser = await startBrowser(t)

const HOSTILE = `<img src=x onerror="globalThis.MARK=1"><script>globalThis.MARK=1</script>'"\`\${1}javascript:1`

t.test('hostile texts stay texts, wherever they come from', async t => {
  const body = JSON.stringify({ [HOSTILE]: HOSTILE, message: HOSTILE, __proto__: HOSTILE })
  const answer = http('400 Bad Request', ['content-type: application/json', `x-own: ${HOSTILE}`], body)
  const upstream = await rawUpstream(t, async request => request.answer(answer))
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const options = { upstream: upstream.url, loginAt: simulator.url, clock: systemClock }
  const { port, app } = await startProxy(t, options)
  await app.login()
  const target = `/${encodeURIComponent(HOSTILE)}?${HOSTILE.replaceAll(' ', '+')}`
  const headers = { 'x-own': HOSTILE, 'content-type': 'application/json', 'x-request-id': HOSTILE }
  const sent = request({ port, host: '127.0.0.1', path: target, method: 'POST', headers })
  sent.end(body)
  const [received] = await once(sent, 'response')
  received.resume()
  const { page, complaints } = await openPage(t, browser, `http://127.0.0.1:${port}/_proxy/#/requests`)
  await page.getByRole('option').click()
  await page.getByText('Response body').waitFor()
  t.match(await page.locator('.details').innerText(), '<img src=x onerror=')
  await page.getByRole('button', { name: 'Edit and send…' }).click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  for (const view of ['Overview', 'Sessions', 'Limits', 'Requests'])
    await page.getByRole('link', { name: view, exact: true }).click()
  t.equal(await page.evaluate(() => Object(globalThis).MARK), undefined)
  t.equal(await page.locator('body script, body img, body iframe').count(), 0)
  t.same(complaints, [])
})

t.test('a restarted proxy is found again, and what was seen stays', async t => {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const port = await freePort()
  const env = { PC_URL: simulator.url, PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
  const start = async () => {
    const cli = startCli(t, ['start', '--listen-address', `127.0.0.1:${port}`], env)
    await cli.until(/ready in/)
    return cli
  }
  const first = await start()
  const { page } = await openPage(t, browser, `http://127.0.0.1:${port}/_proxy/#/requests`)
  await fetch(`http://127.0.0.1:${port}/v2/policy?run=1`)
  await page.getByRole('option').waitFor()
  first.process.kill('SIGKILL')
  await page.getByRole('alert').getByText('Is it running?').first().waitFor()
  await page.getByText('Disconnected').waitFor()
  await start()
  await page.getByText('Live').waitFor()
  t.equal(await page.getByRole('alert').count(), 0)
  await fetch(`http://127.0.0.1:${port}/v2/policy?run=2`)
  await until(async () => (await page.getByRole('option').count()) === 2)
  await page.getByRole('option').filter({ hasText: 'run=1' }).click()
  await page.getByText('No request with this id is kept').waitFor()
  await page.getByRole('option').filter({ hasText: 'run=2' }).click()
  await page.getByText('Response headers').waitFor()
})

t.test('two tabs follow at the same time, and one that closes leaves nothing behind', async t => {
  const { url, call, app } = await startServed(t)
  const { page } = await openPage(t, browser, `${url}#/requests`)
  const second = await page.context().newPage()
  await second.goto(`${url}#/requests`)
  await call('/v2/policy')
  for (const each of [page, second]) await each.getByRole('option').waitFor()
  const open = () => new Promise<number>(resolve => app.server.server.getConnections((_error, count) => resolve(count)))
  const before = await open()
  await second.close()
  await until(async () => (await open()) < before)
  await call('/v2/policy')
  await until(async () => (await page.getByRole('option').count()) === 2)
})

t.test('ten thousand requests take bounded memory in the page and the proxy', async t => {
  const { url, port } = await startServed(t, { config: { log: { level: 'silent' } } })
  const { page, complaints } = await openPage(t, browser, `${url}#/requests`)
  const devtools = await page.context().newCDPSession(page)
  const used = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    const { usedSize } = await devtools.send('Runtime.getHeapUsage')
    return usedSize / 1e6
  }
  const get = (from: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        fetch(`http://127.0.0.1:${port}/v2/policy?n=${from + n}`).then(r => r.arrayBuffer()),
      ),
    )
  for (let sent = 0; sent < 10_500; sent += 50) await get(sent, 50)
  await until(async () => /^10,000 requests/.test(await page.locator('.count').innerText()))
  const full = await used()
  t.ok(full < 100, `${full} MB for ten thousand rows`)
  t.ok((await page.getByRole('option').count()) < 100, 'only what can be seen is drawn')
  for (let sent = 0; sent < 5_000; sent += 50) await get(sent, 50)
  t.ok((await used()) < full * 1.2, 'and no more later')
  await page.getByLabel('Filter').fill('n=4999')
  await until(async () => (await page.getByRole('option').count()) === 1)
  await page.getByLabel('Filter').fill('')
  const list = page.getByRole('listbox')
  await list.evaluate(element => element.scrollTo(0, 100_000))
  const first = page.getByRole('option').first()
  const place = async () => Number(await first.getAttribute('aria-posinset'))
  await until(async () => (await place()) > 3_100)
  const [seen, before] = [await first.getAttribute('id'), await place()]
  await get(0, 50)
  await until(async () => (await place()) === before + 50)
  t.equal(await first.getAttribute('id'), seen, 'new rows do not move what somebody reads')
  t.same(complaints, [])
})

async function views(t: Test, browser: Browser, colorScheme: 'light' | 'dark') {
  const clients = [clientOf('boss', 'boss-0123456789', {}, true)]
  const open = await startServed(t)
  const body = '{"timeRange":{"type":"to_now","value":"epoch"}}'
  const headers = { 'content-type': 'application/json' }
  const empty = await openPage(t, browser, open.url, { colorScheme })
  await empty.page.locator('.command').waitFor()
  t.same(await barriers(empty.page), [], 'empty')
  await Promise.all(Array.from({ length: 12 }, () => open.call('/v2/alert', { method: 'POST', headers, body })))
  await open.call('/v2/alert', { method: 'POST', headers, body: '{' })
  for (const view of ['overview', 'requests', 'sessions', 'limits', 'fleet']) {
    const { page } = await openPage(t, browser, `${open.url}#/${view}`, { colorScheme })
    await page.locator('main > *').first().waitFor()
    await page.getByText('Live').waitFor()
    t.same(await barriers(page), [], view)
  }
  const { page } = await openPage(t, browser, `${open.url}#/requests`, {
    colorScheme,
    viewport: { width: 360, height: 640 },
  })
  await page.getByRole('option').first().click()
  await page.getByText('Response body').waitFor()
  t.same(await barriers(page), [], 'details')
  t.ok(
    await page.evaluate(() => Object(globalThis).document.documentElement.scrollWidth <= 360),
    'nothing is wider than a phone',
  )
  await page.getByRole('button', { name: 'Edit and send…' }).click()
  await page.getByRole('dialog').waitFor()
  t.same(await barriers(page), [], 'dialog')
  const locked = await openPage(t, browser, (await startServed(t, { config: { clients } })).url, { colorScheme })
  await locked.page.getByLabel('Client token').waitFor()
  t.same(await barriers(locked.page), [], 'login')
}

for (const scheme of ['light', 'dark'] as const)
  t.test(`nothing keeps people from using the page, ${scheme}`, t => views(t, browser, scheme))
