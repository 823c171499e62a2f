import t, { type Test } from 'tap'
import { browse } from '../support/browser.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** What a page tries that the API answers: with script, and with all that needs none. */
const TRICKS = `
<script>
  const request = new XMLHttpRequest()
  request.open('GET', '/by-script', false)
  request.send()
</script>
<meta http-equiv="refresh" content="0;url=/by-refresh"/>
<link rel="stylesheet" href="/by-style"/>
<iframe src="/by-frame"></iframe>
<img src="/by-image"/>`

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
<script>
  const request = new XMLHttpRequest()
  request.open('GET', '/by-script', false)
  request.send()
</script>
<image href="/by-image" width="9" height="9"/>
</svg>`

/** Opens a page of the API in a browser, and waits until that has asked for all that it wants besides. */
async function opened(t: Test, answer: string, paths: readonly string[]) {
  const upstream = await rawUpstream(t, request => request.answer(request.target === '/page' ? answer : http('200 OK')))
  const config = { errors: 'passthrough', log: { requests: 'all' } } as const
  const { port, log } = await startProxy(t, { upstream: upstream.url, config })
  browse(t, `http://localhost:${port}/page`)
  await until(() => paths.every(path => log.some(line => line.path === path)))
  const refused = paths.map(path => log.find(line => line.path === path)?.problem)
  return { refused, reached: upstream.requests.map(({ target }) => target) }
}

const html = (status: string, ...headers: string[]) => http(status, ['content-type: text/html', ...headers], TRICKS)
const pages: [title: string, answer: string, paths: string[]][] = [
  ['HTML', html('200 OK'), ['/by-style', '/by-frame', '/by-image']],
  [
    'an error in HTML that is passed through, whose own policy lets it do all',
    html(
      '404 Not Found',
      'content-security-policy: sandbox allow-scripts allow-same-origin',
      'refresh: 0;url=/by-refresh',
    ),
    ['/by-style', '/by-frame', '/by-image'],
  ],
  ['an image that is a document', http('200 OK', ['content-type: image/svg+xml'], SVG), ['/by-image']],
]

for (const [title, answer, paths] of pages) {
  t.test(`${title} from the API cannot act as this proxy in a browser`, async t => {
    const { refused, reached } = await opened(t, answer, paths)
    t.strictSame(reached, ['/page'])
    t.strictSame(
      refused,
      paths.map(() => 'origin-not-allowed'),
    )
  })
}

t.test('who types the proxy’s name into a browser is shown its page, and no session is needed', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const config = { log: { requests: 'all' } } as const
  const { port, log } = await startProxy(t, { upstream: upstream.url, config })
  browse(t, `http://localhost:${port}/`)
  await until(() => log.some(({ path }) => path === '/_proxy/'))
  const seen = log.filter(({ path }) => path === '/' || path === '/_proxy/')
  t.strictSame(
    seen.map(({ path, status }) => [path, status]),
    [
      ['/', 303],
      ['/_proxy/', 200],
    ],
  )
  t.equal(upstream.requests.length + upstream.logins.length, 0)
})
