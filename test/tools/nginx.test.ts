import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { talk } from '../support/http.ts'
import { spawnBare } from '../support/process.ts'
import { startProxy } from '../support/proxy.ts'
import { spellingsOf } from '../support/spellings.ts'
import { until } from '../support/until.ts'

/** Ways to stand before an API in which nginx decodes a path, takes `//` and `/../` out, and cuts it at `#`. */
const LOCATIONS = {
  'with a path': 'location / { proxy_pass http://api/; }',
  'with a variable': 'location ~ ^(?<path>/.*)$ { proxy_pass http://api$path; }',
  'with a rewritten path': 'location / { rewrite ^(.*)$ $1 break; proxy_pass http://api; }',
}

/** Debian's nginx, as a gateway before an upstream; gives its address. */
async function startNginx(t: Test, upstream: string, location: string): Promise<string> {
  const [port, folder] = [await freePort(), newFolder(t)]
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const lines = [
    'daemon off; master_process off; error_log stderr;',
    `pid ${join(folder, 'pid')};`,
    'events {}',
    'http {',
    'access_log off;',
    ...kinds.map(kind => `${kind}_temp_path ${join(folder, kind)};`),
    `upstream api { server ${new URL(upstream).host}; }`,
    `server { listen 127.0.0.1:${port}; ${location} }`,
    '}',
  ]
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, lines.join('\n'))
  const child = spawnBare('nginx', ['-p', folder, '-e', 'stderr', '-c', file])
  t.teardown(() => child.kill('SIGKILL'))
  await until(() => isListening(port))
  return `http://127.0.0.1:${port}`
}

function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return once(socket, 'connect').then(
    () => socket.end() !== undefined,
    () => false,
  )
}

for (const [name, location] of Object.entries(LOCATIONS)) {
  t.test(`nginx before the API, ${name}, is led to no auth call, and the token to no client`, async t => {
    const clock = testClock()
    const simulator = await startSimulator({ clock })
    t.teardown(() => simulator.close())
    const upstream = await startNginx(t, simulator.url, location)
    const { port, call } = await startProxy(t, { upstream, clock })
    t.equal((await call('/v2/policy')).status, 200)
    const header = simulator.requests.at(-1)?.headers.find(([name]) => name === 'x-redlock-auth')
    const token = `${header?.[1]}`
    t.match(token, /^ey.+\..+\../)
    const ask = (method: string, target: string) =>
      talk(port, `${method} ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    for (const target of ['/auth_token/extend', '/login'].flatMap(spellingsOf)) {
      for (const method of ['GET', 'POST']) {
        const answer = await ask(method, target)
        const expected = target.includes('#') ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 (200|400|403|404|405) /
        if (!expected.test(answer)) t.fail(`${method} ${target} is answered ${answer.slice(0, 40)}`)
        if (answer.includes(token)) t.fail(`${method} ${target} is answered with the token`)
      }
    }
    t.match(simulator.counts, { logins: 1, extensions: 0 }, 'no auth call but the proxy’s own')
    t.match(await ask('GET', '/auth_token/extend#x'), /^HTTP\/1\.1 400 .*"The request target contains a fragment/s)
  })
}
