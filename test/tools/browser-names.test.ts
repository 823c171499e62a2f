import t, { type Test } from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { browse, scriptedPage } from '../support/browser.ts'
import { testClock } from '../support/clock.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/**
 * What a page tries at a proxy that is reached over http by a name: all that makes a browser send a request, with as
 * little of what tells a page as it can. Each asks for a path of its own. Runs in the browser.
 */
const ATTEMPTS = `
const put = (name, attributes) => {
  const element = Object.assign(document.createElement(name), { referrerPolicy: 'no-referrer', ...attributes })
  document.body.append(element)
  return element
}
const submit = method => {
  put('iframe', { name: 'frame-' + method })
  put('form', { method, action: PROXY + '/form-' + method, target: 'frame-' + method }).submit()
}
const send = (path, options) =>
  fetch(PROXY + path, { mode: 'no-cors', referrerPolicy: 'no-referrer', credentials: 'omit', ...options }).catch(() => {})
document.head.append(Object.assign(document.createElement('meta'), { name: 'referrer', content: 'no-referrer' }))
put('img', { src: PROXY + '/image' })
put('script', { src: PROXY + '/script' })
put('iframe', { src: PROXY + '/frame' })
put('object', { data: PROXY + '/object' })
put('video', { src: PROXY + '/video' })
put('link', { rel: 'stylesheet', href: PROXY + '/style' })
put('link', { rel: 'prefetch', href: PROXY + '/prefetch' })
put('link', { rel: 'preload', as: 'fetch', href: PROXY + '/preload' })
put('iframe', { srcdoc: '<meta http-equiv="refresh" content="0;url=' + PROXY + '/refresh">' })
put('iframe', { sandbox: 'allow-scripts', srcdoc: '<img src="' + PROXY + '/sandboxed">' })
put('div', { style: 'background: url(' + PROXY + '/background); width: 9px; height: 9px' })
submit('get')
submit('post')
send('/fetch')
send('/fetch-any-language', { headers: { 'accept-language': '*', accept: '*/*' } })
send('/fetch-no-language', { headers: { 'accept-language': '' } })
send('/fetch-post', { method: 'POST', body: '{}' })
send('/fetch-cors', { mode: 'cors', headers: { 'accept-language': '*' } })
navigator.sendBeacon(PROXY + '/beacon', '{}')
new EventSource(PROXY + '/events')
new WebSocket(PROXY.replace('http', 'ws') + '/socket')
new Worker(URL.createObjectURL(new Blob(['importScripts("' + PROXY + '/worker")'])))
open(PROXY + '/window')
put('a', { href: PROXY + '/link', target: '_blank', rel: 'noopener noreferrer' }).click()
const worker = await navigator.serviceWorker?.register(PROXY + '/service-worker').catch(() => 'refused')
await fetch('/report', { method: 'POST', body: JSON.stringify({ worker: worker ?? 'refused' }) })
setTimeout(() => location.replace(PROXY + '/top'), 500)
`

const PATHS = [
  ...['image', 'script', 'frame', 'object', 'video', 'style', 'prefetch', 'preload', 'refresh', 'sandboxed'],
  ...['background', 'form-get', 'form-post', 'fetch', 'fetch-any-language', 'fetch-no-language', 'fetch-post'],
  ...['fetch-cors', 'beacon', 'events', 'socket', 'worker', 'window', 'link', 'top'],
]

/** A proxy without client tokens, before the API. */
async function start(t: Test) {
  const clock = testClock()
  const simulator = await startSimulator({ clock })
  t.teardown(() => simulator.close())
  const config = { listen: { trustedHosts: ['proxy.test'] }, log: { requests: 'all' } } as const
  return { simulator, ...(await startProxy(t, { upstream: 'app2', upstreamAt: simulator.url, clock, config })) }
}

/** Says what each of the requests was told, once the browser has sent them all. */
async function outcomes({ log }: TestProxy, paths: readonly string[]) {
  const seen = (path: string) => log.find(line => line.path === `/${path}`)
  await until(() => paths.every(seen))
  return paths.map(path => [path, seen(path)?.status, seen(path)?.problem])
}

const refused = (paths: readonly string[]) => paths.map(path => [path, 403, 'origin-not-allowed'])

t.test('no page gets anything through to a proxy that has a name, whatever it tries', async t => {
  const proxy = await start(t)
  const page = await scriptedPage(t, `const PROXY = 'http://proxy.test:${proxy.port}'\n${ATTEMPTS}`)
  browse(t, `http://evil.test:${page.port}/`)
  t.strictSame(await page.report, { worker: 'refused' })
  t.strictSame(await outcomes(proxy, PATHS), refused(PATHS))
  t.equal(proxy.simulator.requests.length, 0, 'nothing reached the upstream')
})

t.test('nor through one that its browser takes for its http proxy', async t => {
  const proxy = await start(t)
  const page = await scriptedPage(t, `const PROXY = 'http://api2.prismacloud.io'\n${ATTEMPTS}`)
  const script = `function FindProxyForURL(url, host) { return host == 'api2.prismacloud.io' ? 'PROXY 127.0.0.1:${proxy.port}' : 'DIRECT' }`
  const encoded = Buffer.from(script).toString('base64')
  browse(
    t,
    `http://evil.test:${page.port}/`,
    `--proxy-pac-url=data:application/x-ns-proxy-autoconfig;base64,${encoded}`,
  )
  t.strictSame(await page.report, { worker: 'refused' })
  // handshakes for WebSockets go by CONNECT
  const paths = PATHS.filter(path => path !== 'socket')
  t.strictSame(await outcomes(proxy, paths), refused(paths))
  t.equal(proxy.simulator.requests.length, 0)
})
