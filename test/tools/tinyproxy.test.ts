import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { issue, makeCa } from '../support/pki.ts'
import { curl, spawnBare, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

const LIFETIME = 600
const PASSWORD = 'MARK-password'

/** Debian's tinyproxy, which asks for a user and password where they are given, and what it logged. */
async function startTinyproxy(t: Test, login = '') {
  const port = await freePort()
  const file = join(newFolder(t), 'tinyproxy.conf')
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.1',
    'Timeout 60',
    'MaxClients 20',
    'LogLevel Connect',
  ]
  writeFileSync(file, [...lines, ...(login ? [`BasicAuth ${login}`] : []), ''].join('\n'))
  const child = spawnBare('tinyproxy', ['-d', '-c', file])
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      log += chunk
    })
  }
  await until(() => isListening(port))
  return { address: `127.0.0.1:${port}`, log: () => log }
}

function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return once(socket, 'connect').then(
    () => socket.end() !== undefined,
    () => false,
  )
}

/** A proxy of ours before a simulator, with more in its environment. */
async function start(t: Test, env: Readonly<Record<string, string>>) {
  const simulator = await startSimulatorProcess(t, LIFETIME)
  const ours = { ...credentials(simulator), ...env }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], ours)
  const [, url = ''] = await cli.until(/listening at (http:\S+?)"/)
  return { cli, url, env: ours, host: new URL(simulator.url).host }
}

const SOURCES = { HTTPS_PROXY: 'HTTPS_PROXY', PRISMACLOUD_PROXY_UPSTREAM_PROXY: 'upstream.proxy' }

for (const [variable, source] of Object.entries(SOURCES)) {
  t.test(`an outbound proxy of ${source} leads to the upstream`, { timeout: 60_000 }, async t => {
    const outbound = await startTinyproxy(t)
    const { url, env, host } = await start(t, { [variable]: `http://${outbound.address}` })
    t.equal((await curl(`${url}/v2/policy`)).status, 200)
    await until(() => outbound.log().includes(`CONNECT ${host}`))
    const check = startCli(t, ['check'], env)
    t.equal(await check.ended, 0)
    t.match(check.output(), `✓ outbound proxy  http://${outbound.address}, from ${source}`)
    t.match(check.output(), /✓ TLS +verified: .*upstream\.caFile \S+ are trusted/)
  })

  t.test(`one of ${source} that asks for a user and password gets them`, { timeout: 60_000 }, async t => {
    const outbound = await startTinyproxy(t, `user ${PASSWORD}`)
    const { cli, url, env } = await start(t, { [variable]: `http://user:${PASSWORD}@${outbound.address}` })
    t.equal((await curl(`${url}/v2/policy`)).status, 200)
    const check = startCli(t, ['check'], env)
    t.equal(await check.ended, 0)
    t.match(check.output(), `✓ outbound proxy  http://***@${outbound.address}, from ${source}`)
    t.notMatch(cli.output() + check.output(), /MARK/)
  })
}

t.test('one that asks in vain is told of', { timeout: 60_000 }, async t => {
  const outbound = await startTinyproxy(t, `user ${PASSWORD}`)
  const [right, wrong] = [`http://${outbound.address}`, `http://user:MARK-other@${outbound.address}`]
  for (const HTTPS_PROXY of [right, wrong]) {
    const { cli, url, env } = await start(t, { HTTPS_PROXY, PRISMACLOUD_PROXY_SESSION_WAIT_TIMEOUT: '1s' })
    await cli.until(/is backing-off/)
    const { status, body } = await curl(`${url}/v2/policy`)
    t.equal(status, 503)
    t.match(JSON.parse(body).detail, `The outbound proxy ${outbound.address} wants a user and password`)
    const check = startCli(t, ['check'], env)
    t.equal(await check.ended, 1)
    t.match(check.output(), `✗ TLS             The outbound proxy ${outbound.address} wants a user and password`)
    t.notMatch(cli.output() + check.output() + body, /MARK/)
  }
})

t.test('one by https is verified by what Node.js trusts', { timeout: 60_000 }, async t => {
  const outbound = await startTinyproxy(t)
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
  t.match(await curl(`${url}/v2/policy`), { status: 200 })
  await until(() => outbound.log().includes(`CONNECT ${api}`))
})

t.test('NO_PROXY leads past it', { timeout: 60_000 }, async t => {
  const outbound = await startTinyproxy(t)
  const { url } = await start(t, { HTTPS_PROXY: `http://${outbound.address}`, NO_PROXY: '127.0.0.1' })
  t.equal((await curl(`${url}/v2/policy`)).status, 200)
  t.notMatch(outbound.log(), /Request .*CONNECT/)
})
