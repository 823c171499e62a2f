import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { checkIdentity } from '../support/check-identity.ts'
import { freePort } from '../support/free-port.ts'
import { readReply } from '../support/http.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { run, simulate } from './rig.ts'

/** Not every machine has IPv6. */
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some(each => each?.address === '::1')

const HOSTS = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']

async function ask(host: string, port: number, ca?: string) {
  const path = '/v2/policy'
  const sent = ca
    ? requestTls({ host, port, path, ca, checkServerIdentity: checkIdentity, agent: false })
    : request({ host, port, path, agent: false })
  sent.end()
  const [answer] = await once(sent, 'response')
  return readReply(answer)
}

t.test('localhost is both loopback addresses, for http and https, at whatever case and name below', async t => {
  const { url } = await simulate(t)
  const XDG_STATE_HOME = t.testdir()
  for (const name of ['localhost', 'LOCALHOST', 'proxy.localhost']) {
    const { host, ended } = run(t, {
      PC_URL: url,
      PRISMACLOUD_PROXY_LISTEN_ADDRESS: `${name}:0`,
      PRISMACLOUD_PROXY_LISTEN_TLS: 'auto',
      PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: `${name}:0`,
      XDG_STATE_HOME,
    })
    const text = await host.stdout.until(/listening at https:\S+"/)
    const [[, plain] = [], [, secure] = []] = [...text.matchAll(/listening at https?:\/\/[a-zA-Z.]+:(\d+)"/g)]
    const ca = readFileSync(join(XDG_STATE_HOME, 'prismacloud-proxy', 'ca.pem'), 'utf8')
    for (const address of HOSTS) {
      t.equal((await ask(address, Number(plain))).status, 200, `${name} ${address}`)
      t.equal((await ask(address, Number(secure), ca)).status, 200, `${name} ${address} https`)
    }
    host.signals.emit('SIGTERM')
    t.equal(await ended(), 0)
  }
})

t.test('127.0.0.1 stays itself', async t => {
  const { url } = await simulate(t)
  const { host, listening } = run(t, { PC_URL: url })
  const port = await listening()
  await t.rejects(ask('::1', port))
  host.signals.emit('SIGTERM')
})

t.test('what came by either address is drained', async t => {
  const upstream = await rawUpstream(t, () => {})
  const { host, ended } = run(t, { PC_URL: upstream.url, PRISMACLOUD_PROXY_LISTEN_ADDRESS: 'localhost:0' })
  const [, port] = /listening at \S+:(\d+)"/.exec(await host.stdout.until(/listening at \S+:\d+"/)) ?? []
  await host.stdout.until(/"ready in \d+ ms"/)
  const running = HOSTS.map(address => ask(address, Number(port)))
  await until(() => upstream.requests.length === HOSTS.length)
  host.signals.emit('SIGINT')
  await host.stdout.until(/shutting down/)
  for (const address of HOSTS) await t.rejects(ask(address, Number(port)), { code: 'ECONNREFUSED' })
  for (const { answer } of upstream.requests) answer(http('200 OK', [], 'late'))
  for (const reply of running) t.match(await reply, { text: 'late', headers: { connection: 'close' } })
  t.equal(await ended(), 0)
})

t.test('where one of the two is taken, it does not start', async t => {
  const { url } = await simulate(t)
  for (const address of HOSTS) {
    const port = await freePort()
    const taken = createServer().listen(port, address)
    await once(taken, 'listening')
    const { host, ended } = run(t, { PC_URL: url, PRISMACLOUD_PROXY_LISTEN_ADDRESS: `localhost:${port}` })
    t.equal(await ended(), 1)
    t.match(host.stderr.text, `localhost:${port} is already in use; `)
    taken.close()
  }
})
