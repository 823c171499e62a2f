// Who may see and do what at the page, with a real browser and real clients.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { openPage, startBrowser, startServed } from '../support/page.ts'
import { clientOf } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const browser = await startBrowser(t)
const run = promisify(execFile)
const [ci, boss] = ['ci-MARK-0123456789', 'boss-MARK-0123456789']
const clients = [clientOf('ci', ci), clientOf('boss', boss, {}, true)]

t.test('clients log in with their token, and see their own requests', async t => {
  const { url, origin, call } = await startServed(t, { config: { clients } })
  for (const [token, path] of [
    [ci, '/v2/policy?of=ci'],
    [boss, '/v2/policy?of=boss'],
  ] as const)
    await call(path, { headers: { 'x-prismacloud-proxy-token': token } })
  const { page, complaints } = await openPage(t, browser, `${url}#/requests`)
  const field = page.getByLabel('Client token')
  const enter = async (token: string) => {
    await field.fill(token)
    await page.keyboard.press('Enter')
  }
  await field.waitFor()
  t.equal(await page.getByRole('option').count(), 0)
  await enter('wrong')
  await page.getByRole('alert').getByText('The client token is missing or invalid').waitFor()
  await enter('not a token')
  await page.getByRole('alert').getByText('A client token has only letters').waitFor()
  await enter(ci)
  await page.getByRole('option').waitFor()
  t.match(await page.getByRole('option').innerText(), 'of=ci')
  t.equal(await page.getByRole('link', { name: 'Sessions' }).count(), 0, 'sessions are for admins')

  const [cookie, ...others] = await page.context().cookies()
  t.same(others, [])
  t.match(cookie, { httpOnly: true, sameSite: 'Strict', secure: false, path: '/' })
  t.notMatch(JSON.stringify(cookie), ci)
  t.equal(await page.evaluate(() => Object(globalThis).document.cookie), '', 'scripts do not see it')
  const withCookie = { headers: { cookie: `${cookie?.name}=${cookie?.value}` } }
  for (const path of ['/_proxy/requests', '/_proxy/status', '/v2/policy'])
    t.equal((await call(path, withCookie)).status, 401, `${path}: a cookie alone is nothing`)

  await page.getByRole('option').click()
  await page.getByRole('button', { name: 'Send again' }).click()
  await until(async () => (await page.getByRole('option').count()) === 2)
  t.notMatch(await page.content(), 'of=boss')

  await page.reload()
  await page.getByRole('option').first().waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await field.waitFor()
  t.same(await page.context().cookies(), [])
  await enter(boss)
  await page.getByRole('option').filter({ hasText: 'of=boss' }).waitFor()
  await page.getByRole('option').filter({ hasText: '401' }).waitFor()
  await page.getByRole('link', { name: 'Sessions' }).click()
  await page.getByRole('button', { name: 'Renew now' }).waitFor()
  t.notMatch(await page.content(), 'MARK')
  t.match(complaints, Array(complaints.length).fill(/401/), 'nothing but what a wrong token brings about')
  t.match((await run('curl', ['-si', `${origin}/_proxy/status`])).stdout, /401[\s\S]*www-authenticate: Bearer, Basic/i)
})

t.test('a client that is no admin renews nothing, and a login ends with its token', async t => {
  const { url, app } = await startServed(t, { config: { clients } })
  const { page } = await openPage(t, browser, `${url}#/requests`)
  await page.getByLabel('Client token').fill(ci)
  await page.keyboard.press('Enter')
  await page.getByText('No requests yet').waitFor()
  const answer = await page.evaluate(async () => {
    const { token } = Object(await (await fetch('/_proxy/page/session')).json())
    const headers = { 'x-prismacloud-proxy-page-token': token }
    const { status } = await fetch('/_proxy/page/renew?tenant=default', { method: 'POST', headers })
    return status
  })
  t.equal(answer, 403)
  t.equal([...app.sessions.all()][0]?.session?.status().generation, 1)
})

t.test('what changes anything needs the token that only the page gets', async t => {
  const { url, origin, call } = await startServed(t)
  const { token } = JSON.parse((await call('/_proxy/page/session')).text)
  for (const path of ['login', 'logout', 'renew?tenant=default']) {
    for (const headers of [{}, { 'x-prismacloud-proxy-page-token': 'guess' }])
      t.match(await call(`/_proxy/page/${path}`, { method: 'POST', headers }), {
        status: 403,
        text: /origin-not-allowed/,
      })
    const from = { origin: 'http://evil.test', 'x-prismacloud-proxy-page-token': token }
    t.equal((await call(`/_proxy/page/${path}`, { method: 'POST', headers: from })).status, 403)
    t.equal((await call(`/_proxy/page/${path}`)).status, 404, 'and it is no link')
  }
  const { page } = await openPage(t, browser, `http://localhost:${new URL(url).port}/`)
  t.match(page.url(), `${url.replace('127.0.0.1', 'localhost')}`, 'the root leads there')
  const other = await page.evaluate(
    origin =>
      fetch(`${origin}/_proxy/page/session`).then(
        ({ status }) => status,
        () => 'refused',
      ),
    origin,
  )
  t.equal(other, 'refused', 'the policy of the page lets it talk to its own origin only')
})

t.test('no other way leads to the page', async t => {
  const { port, origin } = await startServed(t, { config: { connect: { enabled: true } } })
  const paths = ['/_proxy/', '/_proxy/page/page.js', '/_proxy/page/session', '/_proxy/requests', '/_proxy/events']
  for (const path of paths) {
    const curl = async (...args: string[]) =>
      (
        await run('curl', [
          '-s',
          '-m',
          '5',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
          '-H',
          'accept: text/html',
          ...args,
        ])
      ).stdout
    t.equal(await curl('-H', 'host: rebound.test', `${origin}${path}`), '403', `${path} by a rebound name`)
    t.equal(await curl('-H', 'origin: http://evil.test', `${origin}${path}`), '403', `${path} from another origin`)
    t.equal(await curl('-H', 'sec-fetch-site: cross-site', `${origin}${path}`), '403', `${path} from another site`)
    const absolute = await curl('-x', origin, `http://127.0.0.1:${port}${path}`)
    if (path !== '/_proxy/') t.equal(absolute, '400', `${path} in absolute form`)
  }
  const { page } = await openPage(t, browser, `http://rebound.test:${port}/_proxy/`)
  t.match(await page.content(), 'host-not-allowed')
})

t.test('without inspection there is a plain page', async t => {
  const { url, call } = await startServed(t, { config: { inspect: { enabled: false } } })
  const { page } = await openPage(t, browser, url)
  t.match(await page.locator('body').innerText(), '/_proxy/status')
  t.notMatch(await page.content(), '<script')
  for (const path of ['requests', 'events', 'page/page.js', 'page/session', 'traffic'])
    t.equal((await call(`/_proxy/${path}`)).status, 404, path)
})

t.test('no secret reaches the page, in any coding', async t => {
  const { url, call, app, simulator } = await startServed(t, { config: { inspect: { bodies: 'all' } } })
  const { secretKey, accessKeyId } = DEMO_USER
  const body = JSON.stringify({ password: secretKey, note: `${secretKey} and ${encodeURIComponent(secretKey)}` })
  await call('/v2/policy')
  const token = `${simulator.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'x-redlock-auth')?.[1]}`
  t.ok(token.length > 100)
  await call(`/nowhere?key=${encodeURIComponent(secretKey)}`, { headers: { authorization: `Bearer ${secretKey}` } })
  await call('/nowhere', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'posted' },
    body,
  })
  const seen: string[] = []
  const { page } = await openPage(t, browser, 'about:blank')
  page.on('response', async response => seen.push(await response.text().catch(() => '')))
  await page.goto(url)
  for (const view of ['Requests', 'Sessions', 'Limits']) await page.getByRole('link', { name: view }).click()
  await page.getByRole('link', { name: 'Requests' }).click()
  await page.getByRole('option').filter({ hasText: 'POST' }).click()
  await page.getByText('and').first().waitFor()
  for (const path of ['requests', 'requests.har', 'requests/posted', 'status', 'traffic', 'page/session'])
    seen.push((await call(`/_proxy/${path}`)).text)
  seen.push(await page.content())
  const live = [...app.sessions.secrets('default'), new Secret(secretKey)]
  t.ok(live.length >= 2)
  for (const text of seen) {
    t.notOk(live.some(secret => secret.finder()(text)))
    t.notMatch(text, token)
    t.notMatch(text, accessKeyId)
  }
})
