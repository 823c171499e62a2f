import t from 'tap'
import { html } from '../../src/problem/html.ts'
import { Problem, problemDocument } from '../../src/problem/problem.ts'
import { renderProblem } from '../../src/problem/render.ts'

const own = problemDocument(new Problem('overloaded', 'Too many requests wait'), {
  instance: '/v2/alert',
  requestId: 'r1',
  compute: false,
})
const upstream = problemDocument(
  new Problem('upstream-error', 'invalid_parameter_value: timeRange', {
    status: 400,
    title: 'Bad Request',
    upstream: { host: 'api2.prismacloud.io', status: 400, requestId: 'u1', errors: [], body: null },
  }),
  { instance: '/v2/alert', requestId: 'r2', compute: false },
)

t.test('a problem is rendered as JSON by default, and for any JSON type', async t => {
  const accepts = [undefined, '*/*', 'application/json', 'application/problem+json', 'image/png']
  for (const accept of [...accepts, 'application/json, text/plain']) {
    const { contentType, body } = renderProblem(upstream, accept)
    t.equal(contentType, 'application/problem+json', `Accept: ${accept}`)
    t.strictSame(JSON.parse(body), upstream)
  }
})

t.test('a problem is rendered as a few lines of text for a terminal', async t => {
  t.strictSame(renderProblem(upstream, 'text/plain'), {
    contentType: 'text/plain; charset=utf-8',
    body: `400 Bad Request
invalid_parameter_value: timeRange
path: /v2/alert
request id: r2
retryable: no
upstream: api2.prismacloud.io returned 400, request id u1
more: /_proxy/problems/upstream-error
`,
  })
})

t.test('the text says whether a retry may help, and omits unknown facts of the upstream', async t => {
  t.match(renderProblem(own, 'text/plain').body, /^retryable: yes\nmore: /m)
  const silent = { host: 'h', status: 500, requestId: null, errors: [], body: null }
  t.match(renderProblem({ ...own, upstream: silent }, 'text/plain').body, /^upstream: h returned 500$/m)
})

t.test('the text cannot control a terminal or fake a line', async t => {
  const { body } = renderProblem({ ...own, detail: 'a\u001b[2J\r\nrequest id: fake\u2028b' }, 'text/plain')
  t.match(body, 'a [2J request id: fake b\n')
})

t.test('a problem is rendered as HTML for a browser, with everything escaped', async t => {
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const hostile = `</title><script>alert("1")</script>&'`
  const { contentType, body } = renderProblem({ ...upstream, title: hostile, detail: hostile, type: hostile }, accept)
  t.equal(contentType, 'text/html; charset=utf-8')
  t.match(body, /^<!doctype html>/)
  t.notMatch(body, /<script|alert\("/)
  t.match(body, '&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;')
  t.match(renderProblem(upstream, accept).body, '<a href="/_proxy/problems/upstream-error">')
})

t.test('html keeps markup and escapes everything else', async t => {
  const list = ['<', 'b'].map(text => html`<li>${text}</li>`)
  t.equal(html`<ul class="${'"'}">${list}${1}</ul>`.toString(), '<ul class="&#34;"><li>&#60;</li><li>b</li>1</ul>')
})
