import t, { type Test } from 'tap'
import { browse, scriptedPage } from '../support/browser.ts'
import { startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** What a page tries, by name; each gives what it could learn. Runs in the browser. */
const ATTEMPTS = `
const wait = element => new Promise(done => {
  element.onload = () => done('loaded')
  element.onerror = () => done('failed')
})
const insert = (name, attributes) => {
  const element = Object.assign(document.createElement(name), attributes)
  const done = wait(element)
  document.body.append(element)
  return done
}
const submit = method => {
  const frame = document.createElement('iframe')
  frame.name = 'frame-' + method
  document.body.append(frame)
  const form = Object.assign(document.createElement('form'), { method, action: PROXY + '/form', target: frame.name })
  document.body.append(form)
  const done = wait(frame)
  form.submit()
  return done.then(() => {
    try { return 'read ' + frame.contentDocument.body.textContent } catch { return 'unreadable' }
  })
}
const read = (url, options) => fetch(url, options).then(async answer => answer.type + ' ' + await answer.text())
const attempts = {
  'a simple fetch': () => read(PROXY + '/simple'),
  'a fetch without CORS': () => read(PROXY + '/no-cors', { mode: 'no-cors' }),
  'a fetch with a preflight': () => read(PROXY + '/preflight', { method: 'PUT', headers: { 'x-a': 'b' }, body: '{}' }),
  'a fetch with credentials': () => read(PROXY + '/credentials', { credentials: 'include' }),
  'a POST without CORS': () => read(PROXY + '/post', { method: 'POST', mode: 'no-cors', body: '{}' }),
  'a fetch from a rebound name': () => read(REBOUND + '/rebound', { mode: 'no-cors' }),
  'a fetch from a name of a tenant': () => read(PROXY.replace('127.0.0.1', 'default.localhost') + '/tenant', { mode: 'no-cors' }),
  'a form that gets': () => submit('get'),
  'a form that posts': () => submit('post'),
  'an image': () => insert('img', { src: PROXY + '/image' }),
  'a script': () => insert('script', { src: PROXY + '/script' }),
  'a style sheet': () => insert('link', { rel: 'stylesheet', href: PROXY + '/style' }),
  'a frame': () => insert('iframe', { src: PROXY + '/frame' }),
  'a beacon': async () => 'sent ' + navigator.sendBeacon(PROXY + '/beacon', '{}'),
  'an event source': () => new Promise(done => {
    const source = new EventSource(PROXY + '/events')
    source.onopen = () => done('open')
    source.onerror = () => done('failed')
  }),
  'a WebSocket': () => new Promise(done => {
    const socket = new WebSocket(PROXY.replace('http', 'ws') + '/socket')
    socket.onopen = () => done('open')
    socket.onerror = () => done('failed')
  }),
}
const results = {}
for (const [name, attempt] of Object.entries(attempts)) results[name] = await attempt().catch(error => 'failed')
await fetch('/report', { method: 'POST', body: JSON.stringify(results) })
`

/** A page that means no good, and what it finds out. */
function malicious(t: Test, proxy: string, rebound: string) {
  return scriptedPage(t, `const [PROXY, REBOUND] = ${JSON.stringify([proxy, rebound])}\n${ATTEMPTS}`)
}

t.test('no page of another origin gets anything through, whatever it tries', async t => {
  const { port, simulator, log } = await startPair(t, { config: { log: { requests: 'all' } } })
  const page = await malicious(t, `http://127.0.0.1:${port}`, `http://rebound.test:${port}`)
  browse(t, `http://evil.test:${page.port}/`)
  const results = Object.entries(Object(await page.report))
  t.equal(simulator.requests.length, 0, 'nothing reached the upstream')
  for (const [name, result] of results) t.match(result, /^(failed|opaque $|unreadable|loaded|sent)/, name)
  const seen = new Map(log.filter(({ path }) => path).map(({ path, status, problem }) => [path, [status, problem]]))
  const paths = [
    'simple',
    'no-cors',
    'preflight',
    'credentials',
    'post',
    'rebound',
    'tenant',
    'form',
    'image',
    'script',
  ]
  // Chromium sends each of them, so that it was the proxy that refused
  for (const path of [...paths, 'style', 'frame', 'beacon', 'events', 'socket']) {
    const name = path === 'rebound' ? 'host-not-allowed' : 'origin-not-allowed'
    t.strictSame(seen.get(`/${path}`), [403, name], path)
  }
})

t.test('a page that is reached by a rebound name is refused, too', async t => {
  const { port, simulator, log } = await startPair(t, { config: { log: { requests: 'all' } } })
  browse(t, `http://rebound.test:${port}/v2/policy`)
  await until(() => log.some(({ path }) => path === '/v2/policy'))
  t.match(
    log.find(({ path }) => path === '/v2/policy'),
    { status: 403, problem: 'host-not-allowed' },
  )
  t.equal(simulator.requests.length, 0)
})

t.test('its own pages can be read by whoever sits at the machine', async t => {
  const { port, log } = await startPair(t, { config: { log: { requests: 'all' } } })
  browse(t, `http://localhost:${port}/_proxy/problems/`)
  await until(() => log.some(({ path }) => path === '/_proxy/problems/'))
  t.match(
    log.find(({ path }) => path === '/_proxy/problems/'),
    { status: 200, level: 30 },
  )
})
