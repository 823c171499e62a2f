import t from 'tap'
import { startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const [JSON_TYPE, TEXT] = [{ accept: 'application/json' }, { accept: 'text/plain' }]

t.test('log, audit, metrics, status and problems name the operation, and never what a path contains', async t => {
  const audited: string[] = []
  const audit = { write: (line: string) => void audited.push(line) }
  const pair = await startPair(t, { config: { log: { requests: 'all' } }, audit })
  const requests: [method: string, path: string, operation: string][] = [
    ['GET', '/policy/my-policy-1', '/policy/{id}'],
    ['HEAD', '/policy/my-policy-1', '/policy/{id}'],
    ['GET', '/POLICY/my-policy-1/', '/policy/{id}'],
    ['GET', '/_tenant/default/policy/my-policy-1', '/policy/{id}'],
    ['GET', '/_compute/api/v34.04/scans/my-policy-1', '/_compute/api/v{version}/scans/{id}'],
    ['POST', '/login', '/login'],
    ['GET', '/auth_token/extend', '/auth_token/extend'],
    ['POST', '/_compute/api/v1/authenticate', '/_compute/api/v{version}/authenticate'],
    ['GET', '/policies/my-policy-1', 'other'],
    ['GET', '/policy/%2e%2e', 'other'],
    ['GET', '/_proxy/nothing', 'other'],
  ]
  for (const [method, path] of requests) await pair.call(path, { method, headers: JSON_TYPE })
  const lines = () => pair.log.filter(line => 'method' in line)
  await until(() => lines().length === requests.length)
  t.same(
    lines().map(({ operation }) => operation),
    requests.map(([, , operation]) => operation),
  )
  const forwarded = requests.filter(([, path]) => !path.startsWith('/_proxy'))
  t.same(
    audited.map(line => JSON.parse(line).operation),
    forwarded.map(([, , operation]) => operation),
  )
  const { text: metrics } = await pair.call('/_proxy/metrics')
  t.match(metrics, 'requests_total{tenant="default",operation="/policy/{id}",method="GET",status="4xx"} 3')
  t.notMatch(metrics, /my-policy/)
})

t.test('a problem document names the operation, in every representation', async t => {
  const { call } = await startPair(t)
  t.match((await call('/policy/my-policy-1')).json(), { status: 404, operation: '/policy/{id}' })
  t.match((await call('/policy/my-policy-1', { headers: TEXT })).text, /^operation: \/policy\/\{id\}$/m)
  t.match((await call('/policy/my-policy-1', { headers: { accept: 'text/html' } })).text, '/policy/{id}')
  t.notOk('operation' in (await call('/policies/my-policy-1')).json(), 'no description has it')
  t.notMatch((await call('/policies/my-policy-1', { headers: TEXT })).text, /^operation/m)
})

t.test('a request that a policy blocks has a name, too', async t => {
  const { call } = await startPair(t, { config: { policy: { access: 'read-only' } } })
  t.match((await call('/policy/1', { method: 'DELETE' })).json(), { status: 403, operation: '/policy/{id}' })
})
