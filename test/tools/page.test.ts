// The page at /_proxy/ in a real browser.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { copied, openPage, startBrowser, startServed } from '../support/page.ts'
import { until } from '../support/until.ts'

const browser = await startBrowser(t)
const run = promisify(execFile)

/** What Chromium makes of an entry of a HAR file. */
interface ImportedRequest {
  readonly requestMethod: string
  readonly statusCode: number
  url(): string
  requestContentData(): Promise<{ readonly text: string }>
}

t.test('an empty page teaches what to do, and the request appears', async t => {
  const { url } = await startServed(t)
  const { page, complaints } = await openPage(t, browser, url)
  const command = await page.locator('.command code').innerText()
  t.match(command, /^curl http:\/\/127\.0\.0\.1:\d+\/v2\/policy$/)
  t.equal(await copied(page, 'Copy'), command)
  t.match(await page.locator('.all-well').innerText(), 'Nothing is wrong')
  await page.getByRole('link', { name: 'Requests' }).click()
  const [program = '', ...args] = command.split(' ')
  await run(program, ['-s', ...args])
  const row = page.getByRole('option').filter({ hasText: '200' })
  await row.waitFor()
  t.match(await row.innerText(), /200\s+GET\s+\/v2\/policy\s+default\s+\d+ ms/)
  t.same(complaints, [])
})

t.test('a request can be opened and copied', async t => {
  const { url, origin, call, simulator } = await startServed(t)
  const headers = { 'x-own': "it's", cookie: 'a=MARK', 'x-request-id': 'first', 'content-type': 'application/json' }
  const body = '{"timeRange":{"type":"to_now","value":"epoch"},"name":"it\'s"}'
  await call('/v2/alert?detailed=true', { method: 'POST', headers, body })
  await call('/v2/alert?detailed=true', { method: 'POST', headers: { ...headers, 'x-request-id': 'bad' }, body: '{' })
  const { page, complaints } = await openPage(t, browser, `${url}#/requests`)
  await page.getByRole('option').filter({ hasText: '200' }).click()
  const details = page.getByRole('region', { name: 'Request details' })
  await details.getByText('x-own').waitFor()
  t.match(page.url(), /request=first/)
  t.match(await details.innerText(), /x-own\s+it's/)
  t.match(await details.innerText(), /Request body.*\n+Not kept\. Set inspect\.bodies: all/)
  t.notMatch(await details.innerText(), 'MARK')

  const curl = await copied(page, 'Copy as curl')
  t.match(curl, `curl -X POST '${origin}/v2/alert?detailed=true'`)
  t.match(curl, `-H 'x-own: it'\\''s'`)
  t.notMatch(curl, /cookie|host:|token/i)

  await page.getByRole('option').filter({ hasText: '400' }).click()
  await details.getByText('Request body').waitFor()
  const before = simulator.requests.length
  t.match(JSON.parse((await run('sh', ['-c', `${await copied(page, 'Copy as curl')} -s`])).stdout), { status: 400 })
  t.equal(simulator.requests.at(-1)?.body?.bytes, 1, 'the copied command sends the same')
  const call2 = (await copied(page, 'Copy as fetch')).replace('await ', 'return ')
  const again: Response = await new Function(call2)()
  t.equal(again.status, 400)
  t.equal(simulator.requests.length, before + 2)
  t.match(JSON.parse(await copied(page, 'Copy as HAR')).log.entries, [
    { _requestId: 'bad', request: { method: 'POST', postData: { text: '{' } }, response: { status: 400 } },
  ])
  t.same(complaints, [])
})

t.test('a request can be sent again, as it was or changed, and passes the proxy like any other', async t => {
  const { url, call, simulator } = await startServed(t, { config: { inspect: { bodies: 'all' } } })
  await call('/v2/policy?policy.severity=high', { headers: { 'x-own': 'shown' } })
  const { page, complaints } = await openPage(t, browser, `${url}#/requests`)
  await page.getByRole('option').click()
  await page.getByRole('button', { name: 'Send again' }).click()
  await until(() => simulator.requests.filter(({ url }) => url === '/v2/policy?policy.severity=high').length === 2)
  t.match(new Map(simulator.requests.at(-1)?.headers).get('x-own'), 'shown')
  await until(async () => (await page.getByRole('option').count()) === 2)
  await page.getByRole('heading', { name: 'GET /v2/policy' }).waitFor()
  await page.getByText('policyId').first().waitFor()

  await page.getByRole('button', { name: 'Edit and send…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Send again' })
  await dialog.getByLabel('Method').fill('post')
  await dialog.getByLabel('Path and query').fill('/v2/alert')
  await dialog.getByLabel('Headers').fill('content-type: application/json\nx-own')
  await dialog.getByLabel('Body').fill('{"timeRange":{"type":"to_now","value":"epoch"}}')
  await dialog.getByRole('button', { name: 'Send' }).click()
  t.match(await dialog.getByRole('alert').innerText(), 'Not a header: "x-own". Write it as Name: value')
  await dialog.getByLabel('Headers').fill('content-type: application/json\nx-own: new')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('heading', { name: 'POST /v2/alert' }).waitFor()
  const sent = simulator.requests.at(-1)
  t.match(sent, { method: 'POST', url: '/v2/alert', body: { bytes: 47 } })
  t.equal(new Map(sent?.headers).get('x-own'), 'new')
  t.notMatch(JSON.stringify(sent?.headers), /page-token|cookie|sec-fetch|origin/i, 'nothing of the browser goes on')
  t.same(complaints, [])
})

t.test('a policy holds for what is sent from the page, too', async t => {
  const { url, call, simulator } = await startServed(t, {
    tenants: { default: { policy: { name: 'tenants.default', access: 'read-only', allow: [], deny: [] } } },
  })
  await call('/v2/policy')
  const { page } = await openPage(t, browser, `${url}#/requests`)
  await page.getByRole('option').click()
  await page.getByRole('button', { name: 'Edit and send…' }).click()
  await page.getByLabel('Method').fill('DELETE')
  await page.getByLabel('Path and query').fill('/policy/1')
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click()
  await page.getByRole('heading', { name: 'DELETE /policy/1' }).waitFor()
  t.match(await page.getByRole('region', { name: 'Request details' }).getByRole('alert').innerText(), 'policy-denied')
  t.notOk(simulator.requests.some(({ method }) => method === 'DELETE'))
})

t.test('the list is filtered as somebody types, and stands still while it is paused', async t => {
  const { url, call } = await startServed(t)
  for (const path of ['/v2/policy', '/nowhere', '/v2/alert/1']) await call(path)
  const { page } = await openPage(t, browser, `${url}#/requests`)
  const rows = page.getByRole('option')
  await until(async () => (await rows.count()) === 3)
  await page.keyboard.press('/')
  await page.keyboard.type('status:4xx nowh')
  await until(async () => (await rows.count()) === 1)
  t.match(await rows.innerText(), '/nowhere')
  t.match(await page.locator('.count').innerText(), '1 of 3 requests')
  t.match(page.url(), /filter=status%3A4xx/, 'the filter is in the address')
  await page.keyboard.press('Escape')
  await page.keyboard.press('p')
  await page.getByText('Paused').waitFor()
  await call('/nowhere/else')
  await page.getByText('1 of 3 requests, 1 more since').waitFor()
  await page.keyboard.press('p')
  await until(async () => (await rows.count()) === 2)
  await page.getByLabel('Filter').fill('nothing like that')
  await page.getByText('No request matches the filter.').waitFor()
})

t.test('everything can be done with the keyboard alone', async t => {
  const { url, call } = await startServed(t)
  for (const path of ['/v2/policy', '/v2/alert/1', '/nowhere']) await call(path)
  const { page } = await openPage(t, browser, url)
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await press('Tab', 'Tab', 'Tab', 'Enter')
  await page.getByRole('option').first().waitFor()
  await press('j', 'j', 'j', 'j', 'k', 'Enter')
  await page.getByRole('heading', { name: 'GET /v2/alert/1' }).waitFor()
  await press('k')
  await page.getByRole('heading', { name: 'GET /nowhere' }).waitFor()
  await press('Escape')
  await until(async () => (await page.getByRole('region', { name: 'Request details' }).count()) === 0)
  await page.getByRole('listbox').focus()
  await press('ArrowDown', 'Enter')
  await page.getByRole('heading', { name: 'GET /v2/alert/1' }).waitFor()
  const focused = () => page.evaluate(() => Object(globalThis).document.activeElement.textContent)
  while ((await focused()) !== 'Edit and send…') await press('Tab')
  await press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.getByLabel('Body').focus()
  await press('j')
  t.equal(await page.getByLabel('Body').inputValue(), 'j', 'who types, types')
  await press('Escape')
  await until(async () => (await page.getByRole('dialog').count()) === 0)
  await page.getByRole('heading', { name: 'GET /v2/alert/1' }).waitFor()
})

t.test('sessions are shown and renewed', async t => {
  const { url, simulator, app } = await startServed(t)
  const { page, complaints } = await openPage(t, browser, `${url}#/sessions`)
  const card = page.getByRole('region', { name: 'default' })
  await card.getByText('ready').waitFor()
  t.match(await card.innerText(), /Remaining\s+10 min/)
  t.match(await card.innerText(), /Logins\s+1\s+Extensions\s+0/)
  const generation = () => [...app.sessions.all()][0]?.session?.status().generation
  const before = Number(generation())
  await card.getByRole('button', { name: 'Renew now' }).click()
  await until(() => generation() === before + 1)
  await until(async () => /Extensions\s+1/.test(await card.innerText()))
  t.equal(simulator.requests.filter(({ url }) => url === '/auth_token/extend').length, 1)
  t.same(complaints, [])
})

t.test('limits show their level, and who waits', async t => {
  const { url, call } = await startServed(t)
  const { page } = await openPage(t, browser, `${url}#/limits`)
  await page.getByText('No rate limits yet').waitFor()
  const body = '{"timeRange":{"type":"to_now","value":"epoch"}}'
  const send = () => call('/v2/alert', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const sent = Promise.all(Array.from({ length: 16 }, send))
  const card = page.getByRole('region', { name: 'POST /v2/alert of default' })
  await card.getByText(/\d+ per second, \d+ at once/).waitFor()
  await until(async () => /[1-9]\d* requests? waiting/.test(await page.locator('main').innerText()))
  t.equal(await card.getByRole('meter').count(), 1)
  t.match(await card.getByRole('img').getAttribute('aria-label'), /requests could be sent at once now/)
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByText(/requests? waits? for POST \/v2\/alert/).waitFor()
  await sent
})

t.test('the overview says what is wrong, with the cure', async t => {
  const { url, call } = await startServed(t)
  for (let n = 0; n < 3; n++) await call('/v2/policy', { headers: { 'x-prismacloud-tenant': 'nobody' } })
  const { page, complaints } = await openPage(t, browser, url)
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await wrong.getByText('3 requests failed with unknown-tenant in the last 5 minutes').waitFor()
  t.match(await wrong.innerText(), 'Use a name from tenants in the configuration')
  await page.getByText('3 requests in the last hour, 3 failed.').waitFor()
  for (const title of ['Requests per second', 'Time per request', 'Failed requests per second'])
    t.equal(await page.getByRole('img', { name: new RegExp(`^${title}`) }).count(), 1, title)
  const [more] = await Promise.all([page.context().waitForEvent('page'), wrong.getByRole('link').click()])
  await more.waitForLoadState()
  t.match(more.url(), '/_proxy/problems/unknown-tenant')
  t.same(complaints, [])
})

t.test("a HAR file is what Chromium's network panel imports", async t => {
  const { call } = await startServed(t, { config: { inspect: { bodies: 'all' } } })
  await call('/v2/policy?policy.severity=high')
  await call('/v2/alert', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"bad":' })
  const { text } = await call('/_proxy/requests.har')
  const { page } = await openPage(t, browser, 'devtools://devtools/bundled/inspector.html')
  // the panel's own code
  const imported = await page.evaluate(async text => {
    const { HARFormat, Importer } = await import(`${'devtools://devtools/bundled/models/har/har.js'}`)
    const { log } = new HARFormat.HARRoot(JSON.parse(text))
    const requests = Importer.Importer.requestsFromHARLog(log)
    return Promise.all(
      requests.map(async (request: ImportedRequest) => ({
        method: request.requestMethod,
        url: request.url(),
        status: request.statusCode,
        content: (await request.requestContentData()).text,
      })),
    )
  }, text)
  t.match(imported, [
    {
      method: 'GET',
      url: /^http:\/\/localhost:\d+\/v2\/policy\?policy\.severity=high$/,
      status: 200,
      content: /policyId/,
    },
    { method: 'POST', url: /\/v2\/alert$/, status: 400, content: /problem/ },
  ])
})
