import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type { Test } from 'tap'
import { newFolder } from './folder.ts'
import { callUrl } from './http.ts'
import type { OutboundProxy } from './outbound.ts'
import { issue, makeCa } from './pki.ts'
import { startCli } from './process.ts'
import { credentials, startSimulatorProcess } from './stack.ts'
import { until } from './until.ts'

const LIFETIME = 600
const PASSWORD = 'MARK-password'

/** A proxy of ours before a simulator, with more in its environment. */
async function start(t: Test, env: Readonly<Record<string, string>>) {
  const simulator = await startSimulatorProcess(t, LIFETIME)
  const ours = { ...credentials(simulator), ...env }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], ours)
  const [, url = ''] = await cli.until(/listening at (http:\S+?)"/)
  return { cli, url, env: ours, host: new URL(simulator.url).host }
}

const SOURCES = { HTTPS_PROXY: 'HTTPS_PROXY', PRISMACLOUD_PROXY_UPSTREAM_PROXY: 'upstream.proxy' }

/** Tests that the built proxy reaches its upstream through outbound proxies as `startOutbound` starts them. */
export function checkOutbound(t: Test, startOutbound: (t: Test, login?: string) => Promise<OutboundProxy>): void {
  for (const [variable, source] of Object.entries(SOURCES)) {
    t.test(`an outbound proxy of ${source} leads to the upstream`, { timeout: 60_000 }, async t => {
      const outbound = await startOutbound(t)
      const { url, env, host } = await start(t, { [variable]: `http://${outbound.address}` })
      t.equal((await callUrl(`${url}/v2/policy`)).status, 200)
      await until(() => outbound.log().includes(`CONNECT ${host}`))
      const check = startCli(t, ['check'], env)
      t.equal(await check.ended, 0)
      t.match(check.output(), `✓ outbound proxy  http://${outbound.address}, from ${source}`)
      t.match(check.output(), /✓ TLS +verified, TLSv1\.[23], .*upstream\.caFile \S+ is trusted/)
    })

    t.test(`one of ${source} that asks for a user and password gets them`, { timeout: 60_000 }, async t => {
      const outbound = await startOutbound(t, `user:${PASSWORD}`)
      const { cli, url, env } = await start(t, { [variable]: `http://user:${PASSWORD}@${outbound.address}` })
      t.equal((await callUrl(`${url}/v2/policy`)).status, 200)
      const check = startCli(t, ['check'], env)
      t.equal(await check.ended, 0)
      t.match(check.output(), `✓ outbound proxy  http://***@${outbound.address}, from ${source}`)
      t.notMatch(cli.output() + check.output(), /MARK/)
    })
  }

  t.test('one that asks in vain is told of', { timeout: 60_000 }, async t => {
    const outbound = await startOutbound(t, `user:${PASSWORD}`)
    const [right, wrong] = [`http://${outbound.address}`, `http://user:MARK-other@${outbound.address}`]
    for (const HTTPS_PROXY of [right, wrong]) {
      const { cli, url, env } = await start(t, { HTTPS_PROXY, PRISMACLOUD_PROXY_SESSION_WAIT_TIMEOUT: '1s' })
      await cli.until(/login failed/)
      const { status, text } = await callUrl(`${url}/v2/policy`)
      t.equal(status, 503)
      t.match(JSON.parse(text).detail, `The outbound proxy ${outbound.address} requires a valid user and password`)
      const check = startCli(t, ['check'], env)
      t.equal(await check.ended, 1)
      t.match(
        check.output(),
        `✗ TLS             The outbound proxy ${outbound.address} requires a valid user and password`,
      )
      t.notMatch(cli.output() + check.output() + text, /MARK/)
    }
  })

  t.test('one by https is verified by what Node.js trusts', { timeout: 60_000 }, async t => {
    const outbound = await startOutbound(t)
    // OpenSSL finds authorities by their names, and the simulator's has one, too
    const ca = await makeCa('CN=CA of the outbound proxy')
    const [host = '', port = ''] = outbound.address.split(':')
    const front = createServer(await issue(ca, { names: ['localhost'] }), socket => {
      const behind = connect(Number(port), host).on('error', () => socket.destroy())
      socket
        .on('error', () => behind.destroy())
        .pipe(behind)
        .pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(front, 'listening')
    t.teardown(() => front.close())
    const NODE_EXTRA_CA_CERTS = join(newFolder(t), 'ca.pem')
    writeFileSync(NODE_EXTRA_CA_CERTS, ca.cert)
    const HTTPS_PROXY = `https://localhost:${(front.address() as AddressInfo).port}`
    const { url, host: api } = await start(t, { HTTPS_PROXY, NODE_EXTRA_CA_CERTS })
    t.match(await callUrl(`${url}/v2/policy`), { status: 200 })
    await until(() => outbound.log().includes(`CONNECT ${api}`))
  })

  t.test('it is found in the forms that curl and Go take', { timeout: 60_000 }, async t => {
    const outbound = await startOutbound(t, `user:${PASSWORD}`)
    for (const [variable, form] of [
      ['HTTPS_PROXY', ` user:${PASSWORD}@${outbound.address} `],
      ['all_proxy', `http://user:${PASSWORD.replace('-', '%2D')}@${outbound.address}/some/path`],
    ] as const) {
      const { cli, url, env } = await start(t, { [variable]: form, NO_PROXY: '::1,10.0.0.0/8,localhost.' })
      t.equal((await callUrl(`${url}/v2/policy`)).status, 200, form)
      const check = startCli(t, ['check'], env)
      t.equal(await check.ended, 0)
      t.match(check.output(), `✓ outbound proxy  http://***@${outbound.address}, from ${variable}`)
      t.notMatch(cli.output() + check.output(), /MARK/)
    }
  })

  t.test('NO_PROXY leads past it', { timeout: 60_000 }, async t => {
    const outbound = await startOutbound(t)
    const { url, host } = await start(t, { HTTPS_PROXY: `http://${outbound.address}`, NO_PROXY: '127.0.0.1' })
    t.equal((await callUrl(`${url}/v2/policy`)).status, 200)
    t.notOk(outbound.log().includes(`CONNECT ${host}`))
  })
}
