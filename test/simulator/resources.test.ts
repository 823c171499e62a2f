import t from 'tap'
import { reason, reasons, rig } from './client.ts'

const json = { timeRange: { type: 'to_now', value: 'epoch' }, query: 'config from cloud.resource' }

t.test('the tenant, its accounts, policies, posture and resources can be read', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const { twistlockUrl } = (await call('/meta_info', { token })).json()
  t.match(twistlockUrl, /^http:\/\/127\.0\.0\.1:\d+\/us-1-/)
  t.equal((await call('/cloud', { token })).json().length, 3)
  t.match((await call('/user/me', { token })).json(), { email: 'demo@demo.invalid', enabled: true })
  t.equal((await call('/v2/policy', { token })).json().length, 5)
  const posture = (await call('/compliance/posture', { token })).json()
  t.equal(posture.summary.totalResources, 250)
  t.same((await call('/compliance/posture', { method: 'POST', token, json })).json(), posture)
  t.equal((await call('/search/config', { method: 'POST', token, json })).json().data.items.length, 250)
})

t.test('alerts are paged by GET and by POST, until there is no next page', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const pages = {
    get: (pageToken: string) => call(`/v2/alert?limit=120&pageToken=${pageToken}`, { token }),
    post: (pageToken: string) => call('/v2/alert', { method: 'POST', token, json: { ...json, limit: 120, pageToken } }),
  }
  for (const page of [pages.get, pages.post]) {
    const sizes: number[] = []
    const ids = new Set<string>()
    let pageToken: string | undefined = ''
    while (pageToken !== undefined) {
      const { items, nextPageToken, totalRows } = (await page(pageToken)).json()
      t.equal(totalRows, 250)
      sizes.push(items.length)
      for (const { id } of items) ids.add(id)
      pageToken = nextPageToken
    }
    t.same(sizes, [120, 120, 10])
    t.equal(ids.size, 250)
  }
})

t.test('a page token alone requests the next page, as the Python SDK sends it', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const ask = async (json: object) => (await call('/v2/alert', { method: 'POST', token, json })).json()
  const first = await ask({ ...json, limit: 100 })
  const second = await ask({ pageToken: first.nextPageToken })
  const third = await ask({ pageToken: second.nextPageToken })
  t.same([second.items.length, third.items.length, third.nextPageToken], [100, 50, undefined])
  t.equal(second.items[0].id, 'P-1100', 'where the first page ended')
  for (const fields of [{}, { pageToken: '' }, { pageToken: null }, { timeRange: null }]) {
    const reply = await call('/v2/alert', { method: 'POST', token, json: fields })
    t.match(reasons(reply), [{ i18nKey: 'invalid_parameter_value', subject: 'timeRange' }])
  }
})

t.test('a page has 100 alerts by default', async t => {
  const { call, login } = await rig(t)
  t.equal((await call('/v2/alert', { token: await login() })).json().items.length, 100)
})

t.test('an invalid limit or page token is rejected by name', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const [query, subject] of [
    ['limit=0', 'limit'],
    ['limit=10001', 'limit'],
    ['limit=many', 'limit'],
    ['pageToken=made-up', 'pageToken'],
  ]) {
    const reply = await call(`/v2/alert?${query}`, { token })
    t.equal(reply.status, 400)
    t.match(reasons(reply), [{ i18nKey: 'invalid_parameter_value', subject }])
  }
})

t.test('an alert can be read by its id; an unknown id is 404', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  t.match((await call('/alert/P-1007', { token })).json(), { id: 'P-1007', status: 'open' })
  const reply = await call('/alert/P-1', { token })
  t.equal(reply.status, 404)
  t.equal(reason(reply), 'not_found')
})

t.test('alerts can be downloaded as a CSV file', async t => {
  const { call, login } = await rig(t)
  const reply = await call('/alert/csv/42/download', { token: await login() })
  t.match(reply.headers['content-type'], /^text\/csv/)
  t.equal(reply.headers['content-disposition'], 'attachment; filename="alerts-42.csv"')
  t.equal(reply.text.trimEnd().split('\r\n').length, 251)
})

t.test('the Compute console pages hosts, and has its own error shape', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const { pathname } = new URL((await call('/meta_info', { token })).json().twistlockUrl)
  const ask = (path: string, options: Parameters<typeof call>[1] = { token }) =>
    call(`${pathname}/api/v1${path}`, options)
  t.equal((await ask('/version')).json(), '34.01.126')
  const last = await ask('/hosts?limit=50&offset=100')
  t.equal(last.json().length, 20)
  t.equal(last.headers['total-count'], '120')
  t.equal((await ask('/hosts')).json().length, 50)
  for (const [path, status, err, options] of [
    ['/hosts?limit=51', 400, 'invalid limit'],
    ['/hosts?limit=x', 400, 'invalid limit'],
    ['/hosts?limit=0', 400, 'invalid limit'],
    ['/hosts?offset=-1', 400, 'invalid offset'],
    ['/hosts?offset=x', 400, 'invalid offset'],
    ['/none', 404, 'not found'],
    ['/hosts', 401, 'unauthorized', {}],
  ] as const) {
    const reply = await ask(path, options)
    t.strictSame([reply.status, reply.json()], [status, { err }], path)
  }
})
