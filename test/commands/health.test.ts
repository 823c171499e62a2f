import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { healthCommand } from '../../src/commands/health.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { fakeHost } from '../support/host.ts'
import { issue, makeCa } from '../support/pki.ts'
import { run, simulate } from './rig.ts'

type Env = Record<string, string>

/** Runs the command to its end. */
async function ask(env: Env, ...args: string[]) {
  const host = fakeHost({ args, env })
  const code = await healthCommand(systemClock).run(host)
  return { code, out: host.stdout.text, err: host.stderr.text }
}

/** Starts a proxy with these variables, and waits until it listens everywhere. */
async function start(t: Test, env: Env): Promise<void> {
  const simulator = await simulate(t)
  const { host } = run(t, { PC_URL: simulator.url, ...env })
  await host.stdout.until(/"listening at/)
}

/** Something that listens, and answers each request in its own way. */
async function listen(t: Test, answer: RequestListener): Promise<Env> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return { PRISMACLOUD_PROXY_LISTEN_ADDRESS: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('a proxy that lives is healthy, whatever it is asked for', async t => {
  const port = await freePort()
  const env = {
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: `127.0.0.1:${port}`,
    PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE: join(t.testdir({ token: 'a-token-of-16-characters' }), 'token'),
  }
  t.same(
    await ask(env),
    { code: 1, out: '', err: `http://127.0.0.1:${port} (listen.address) cannot be reached: ECONNREFUSED\n` },
    'it does not live yet',
  )
  await start(t, env)
  t.same(await ask(env), { code: 0, out: `http://127.0.0.1:${port} lives\n`, err: '' })
  t.same(await ask({}, '--listen-address', `127.0.0.1:${port}`), {
    code: 0,
    out: `http://127.0.0.1:${port} lives\n`,
    err: '',
  })
  const config = join(newFolder(t), 'c.yaml')
  writeFileSync(config, `listen: {address: "127.0.0.1:${port}"}\ntenants: {a: {url: nowhere}}`)
  t.equal((await ask({ PRISMACLOUD_PROXY_CONFIG: config })).code, 0, 'what is wrong with a tenant does not matter')
  t.same(JSON.parse((await ask(env, '--json')).out), {
    healthy: true,
    addresses: [{ key: 'listen.address', url: `http://127.0.0.1:${port}`, healthy: true, problem: null }],
  })
})

t.test('each address is asked: sockets, https, and that of the reports', async t => {
  const folder = newFolder(t)
  const { cert, key } = await issue(await makeCa(), { names: ['proxy.example'] })
  const files = t.testdir({ cert, key })
  const [tls, admin] = [await freePort(), await freePort()]
  const env = {
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: `unix:${folder}/s`,
    PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: `0.0.0.0:${tls}`,
    PRISMACLOUD_PROXY_LISTEN_TLS_CERT_FILE: join(files, 'cert'),
    PRISMACLOUD_PROXY_LISTEN_TLS_KEY_FILE: join(files, 'key'),
    PRISMACLOUD_PROXY_LISTEN_EXPOSED: 'true',
    PRISMACLOUD_PROXY_ADMIN_ADDRESS: `[::1]:${admin}`,
  }
  await start(t, env)
  const lives = [`unix:${folder}/s lives`, `https://0.0.0.0:${tls} lives`, `http://[::1]:${admin} lives`]
  t.same(await ask(env), { code: 0, out: `${lives.join('\n')}\n`, err: '' })
  const other = await freePort()
  t.same(
    await ask({ ...env, PRISMACLOUD_PROXY_ADMIN_ADDRESS: `127.0.0.1:${other}` }),
    {
      code: 1,
      out: `${lives.slice(0, 2).join('\n')}\n`,
      err: `http://127.0.0.1:${other} (admin.address) cannot be reached: ECONNREFUSED\n`,
    },
    'one that does not answer is enough',
  )
})

t.test('what answers otherwise is no proxy', async t => {
  for (const [status, body] of [
    [404, ''],
    [200, '<html>'],
    [500, '{"status":"ok"}'],
  ] as const) {
    const env = await listen(t, (_request, response) => void response.writeHead(status).end(body))
    const { code, err } = await ask(env)
    t.equal(code, 1)
    t.match(err, /is no prismacloud-proxy\n$/)
  }
  const env = await listen(t, (_request, response) => void response.destroy())
  t.match(await ask(env), { code: 1, err: /cannot be reached: ECONNRESET\n$/ })
})

t.test('a proxy that hangs is not healthy', async t => {
  const asked = new EventTarget()
  const env = await listen(t, () => void asked.dispatchEvent(new Event('asked')))
  const clock = testClock()
  const host = fakeHost({ env })
  const arrived = once(asked, 'asked')
  const code = healthCommand(clock).run(host)
  await arrived
  await clock.advance(2_000)
  t.equal(await code, 1)
  t.match(host.stderr.text, /did not answer within 2 seconds\n$/)
})

t.test('an address that cannot be known is named', async t => {
  t.match(await ask({ PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' }), {
    code: 1,
    err: 'http://127.0.0.1:0 (listen.address) has port 0, which stands for one that only the proxy knows\n',
  })
  await t.rejects(ask({ PRISMACLOUD_PROXY_LISTEN_ADDRESS: 'here' }), {
    message: /PRISMACLOUD_PROXY_LISTEN_ADDRESS\): invalid address "here"/,
  })
  await t.rejects(ask({ PRISMACLOUD_PROXY_CONFIG: join(newFolder(t), 'none') }), { message: /none" does not exist/ })
  await t.rejects(ask({}, '--listen-adress', 'x'), {
    message: 'unknown flag --listen-adress; did you mean --listen-address?',
  })
})
