import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { callUrl, dial } from '../support/http.ts'
import { outboundTo } from '../support/outbound.ts'
import { follow, spawnBare, startCli } from '../support/process.ts'
import { credentials, startProxyProcess, startSimulatorProcess, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

t.test('the file of the audit can be moved away and opened anew', async t => {
  const file = join(t.testdir(), 'audit.log')
  const { proxy, cli } = await startStack(t, 600, { PRISMACLOUD_PROXY_AUDIT_FILE: file })
  await callUrl(`${proxy}/v2/policy`)
  await until(() => linesOf(file).length === 1)
  t.equal(statSync(file).mode & 0o777, 0o600)
  renameSync(file, `${file}.1`)
  await callUrl(`${proxy}/cloud`)
  cli.process.kill('SIGUSR2')
  await until(() => existsSync(file))
  await callUrl(`${proxy}/policy`)
  await until(() => linesOf(file).length === 1)
  t.match(linesOf(`${file}.1`), [/"path":"\/v2\/policy"/, /"path":"\/cloud"/])
  t.match(linesOf(file), [/"path":"\/policy"/])
  await callUrl(`${proxy}/v2/alert`)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  t.equal(linesOf(file).length, 2, 'what was gathered is written at the end')
})

t.test('a file that cannot be written is told at start', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const file = join(t.testdir(), 'no', 'audit.log')
  const cli = startCli(t, ['start'], { ...credentials(simulator), PRISMACLOUD_PROXY_AUDIT_FILE: file })
  t.equal(await cli.ended, 1)
  t.match(cli.output(), /^audit\.file: cannot write to \S+ \(ENOENT\); choose a file in a folder/)
})

t.test('a disk that fills up refuses what must be recorded, until there is room again', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const file = join(t.testdir(), 'audit.log')
  const binary = resolve(import.meta.dirname, '../../dist/cli.js')
  // no file may be longer than some kilobytes
  const script = 'ulimit -f 4; exec "$0" "$@"'
  const args = [process.execPath, binary, '--listen-address', '127.0.0.1:0']
  const env = { PRISMACLOUD_PROXY_AUDIT_FILE: file, PRISMACLOUD_PROXY_AUDIT_REQUIRED: 'true' }
  const cli = follow(t, spawnBare('sh', ['-c', script, ...args], { ...credentials(simulator), ...env }))
  const [, proxy = ''] = await cli.until(/listening at (http:\S+?)"/)
  const ask = () => callUrl(`${proxy}/v2/policy`)
  let answer = await ask()
  let served = 0
  for (; answer.status === 200; answer = await ask()) served++
  t.ok(served > 0)
  t.match(answer.json(), { status: 503, type: '/_proxy/problems/audit-unavailable' })
  t.equal((await ask()).status, 503)
  await cli.until(/"level":50.*audit lines are lost: cannot write to \S+: EFBIG/)
  const lost = /^prismacloud_proxy_audit_lines_lost_total (\d+)$/m
  t.ok(Number(lost.exec((await callUrl(`${proxy}/_proxy/metrics`)).text)?.[1]) > 0)
  renameSync(file, `${file}.1`)
  cli.process.kill('SIGUSR1')
  await until(() => existsSync(file))
  t.equal((await ask()).status, 200)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  const begun = linesOf(`${file}.1`).filter(line => line.includes('"verdict":"begun"'))
  t.ok(begun.length >= served, 'nothing was forwarded without a line')
  t.match(linesOf(file).at(-1), /"status":200.*"verdict":"forwarded"/)
  t.equal(cli.output().match(/audit lines are lost/g)?.length, 1, 'told once')
})

t.test('a tunnel that the end of the proxy cuts is a line, too', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const folder = t.testdir({})
  const file = join(folder, 'audit.log')
  const { cli, proxy } = await startProxyProcess(t, simulator, {
    XDG_STATE_HOME: folder,
    PRISMACLOUD_PROXY_AUDIT_FILE: file,
    PRISMACLOUD_PROXY_CONNECT_ENABLED: 'true',
    PRISMACLOUD_PROXY_CONNECT_OTHERS: 'tunnel',
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, simulator.url),
    PC_URL: 'app2',
  })
  const socket = dial(Number(new URL(proxy).port)).on('error', () => {})
  socket.write('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n')
  await once(socket, 'data')
  cli.process.kill('SIGTERM')
  await cli.ended
  t.match(
    linesOf(file).map(line => JSON.parse(line)),
    [{ host: 'example.com:443', status: 200, verdict: 'aborted' }],
  )
})

t.test('it can go where the log goes, as containers have it', async t => {
  const { proxy, cli } = await startStack(t, 600, { PRISMACLOUD_PROXY_AUDIT_FILE: '/dev/stdout' })
  await callUrl(`${proxy}/v2/policy`)
  await cli.until(/^\{"time":.*"path":"\/v2\/policy",.*"status":200.*\}$/m)
  cli.process.kill('SIGUSR2')
  await callUrl(`${proxy}/cloud`)
  await cli.until(/^\{"time":.*"path":"\/cloud".*\}$/m)
})
