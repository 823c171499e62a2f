import { createSocket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { callUrl } from '../support/http.ts'
import { follow, type RunningCli, run, spawnBare, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

const SCRIPT = new URL('../support/notify-socket.py', import.meta.url).pathname
const CONFIG = new URL('../../config', import.meta.url).pathname

/** What systemd-analyze may say at most of how much the service could do: 0 is nothing, 10 everything. */
const MOST_EXPOSURE = 1.4

/** What arrives at the socket of a manager. */
interface Notification {
  readonly variables: Readonly<Record<string, string>>
  /** Whether the manager can tell who sent it. */
  readonly known: boolean
  /** The manager's monotonic clock, in microseconds. */
  readonly at: number
}

/** A real datagram socket, read as systemd reads it. */
async function startManager(t: Test, address: string): Promise<() => Notification[]> {
  const manager = follow(t, spawnBare('python3', [SCRIPT, address]))
  await manager.until(/^listening\n/)
  return () =>
    manager
      .output()
      .split('\n')
      .slice(1, -1)
      .map(line => JSON.parse(line))
}

/** What was sent, in a word each. */
const stages = (all: readonly Notification[]) => all.map(({ variables }) => Object.keys(variables)[0])

const isNoSign = ({ variables }: Notification) => variables.WATCHDOG === undefined

for (const kind of ['a path', 'an abstract name'])
  t.test(`systemd-notify brings a socket at ${kind} all that is said, in its order`, async t => {
    const simulator = await startSimulatorProcess(t, 600)
    const address = kind === 'a path' ? join(newFolder(t), 'notify') : `@prismacloud-proxy-${process.pid}`
    const all = await startManager(t, address)
    const told = () => all().filter(isNoSign)
    const env = { ...credentials(simulator), NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' }
    const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], env)
    const [, url] = await cli.until(/listening at (http:\S+?)"/)
    await until(() => told().length === 1)
    const signs = all().length
    await until(() => all().length > signs + 3)
    t.strictSame(stages(all().slice(-1)), ['WATCHDOG'])
    cli.process.kill('SIGHUP')
    await until(() => told().length === 3)
    cli.process.kill('SIGTERM')
    t.equal(await cli.ended, 0)
    await until(() => told().length === 4)
    t.strictSame(stages(told()), ['READY', 'RELOADING', 'READY', 'STOPPING'])
    t.strictSame(told()[0]?.variables, { READY: '1', STATUS: `Serving 1 tenant at ${url}` })
    t.strictSame(told()[2]?.variables, told()[0]?.variables)
    t.strictSame(told()[3]?.variables, { STOPPING: '1', STATUS: 'Stopping', EXTEND_TIMEOUT_USEC: '15000000' })
    // the manager ignores a READY that it got before this time
    const [ready, reloading] = told()
    const time = Number(reloading?.variables.MONOTONIC_USEC)
    t.ok(time > Number(ready?.at) && time <= Number(reloading?.at))
    t.ok(
      all().every(each => each.known),
      'the sender waits until it was seen',
    )
    t.notMatch(cli.output(), 'cannot notify')
  })

t.test('a manager that does not answer keeps the proxy from nothing', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const address = join(newFolder(t), 'notify')
  const manager = follow(t, spawnBare('python3', [SCRIPT, address]))
  await manager.until(/^listening\n/)
  manager.process.kill('SIGSTOP')
  const env = { ...credentials(simulator), NOTIFY_SOCKET: address }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], env)
  const [, url] = await cli.until(/listening at (http:\S+?)"/)
  t.equal((await callUrl(`${url}/v2/policy`)).status, 200)
  await cli.until(/cannot notify the service manager: systemd-notify/)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  t.equal(cli.output().match(/cannot notify/g)?.length, 1)
})

/** Starts the proxy as systemd-socket-activate does it when the first connection arrives. */
function activated(t: Test, options: readonly string[], env: Readonly<Record<string, string>>): RunningCli {
  const passedOn = Object.keys(env).flatMap(name => ['-E', name])
  return startCli(t, ['start'], env, ['systemd-socket-activate', ...options, ...passedOn])
}

t.test('the first connection to a socket starts the proxy, which answers it', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const [port, admin] = [await freePort(), await freePort()]
  const options = ['-l', `127.0.0.1:${port}`, '-l', `127.0.0.1:${admin}`, '--fdname=http:admin']
  const cli = activated(t, options, credentials(simulator))
  await cli.until(/Listening on .* as 4/)
  t.equal((await callUrl(`http://127.0.0.1:${port}/v2/policy`)).status, 200)
  await cli.until(new RegExp(`listening at http://127\\.0\\.0\\.1:${admin} for probes`))
  t.equal((await callUrl(`http://127.0.0.1:${admin}/_proxy/readyz`)).status, 200)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
})

t.test('a Unix socket is served if it has no more permissions than the configuration gives', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const path = join(newFolder(t), 'proxy.sock')
  const start = async (mode: string) => {
    const cli = activated(t, ['-l', path], {
      ...credentials(simulator),
      PRISMACLOUD_PROXY_LISTEN_SOCKET_MODE: mode,
    })
    await cli.until(/Listening on .* as 3/)
    return cli
  }
  const refusing = await start('600')
  await t.rejects(callUrl('http://localhost/v2/policy', { socketPath: path }))
  t.equal(await refusing.ended, 2)
  t.match(
    refusing.output(),
    /listen\.address \(socket 3 ""\): "unix:\S+" has the permissions \d+, but listen\.socketMode is 600/,
  )
  const serving = await start('777')
  t.equal((await callUrl('http://localhost/v2/policy', { socketPath: path })).status, 200)
  serving.process.kill('SIGTERM')
  t.equal(await serving.ended, 0)
})

t.test('a datagram socket is refused', async t => {
  const port = await freePort()
  const cli = activated(t, ['-d', '-l', `127.0.0.1:${port}`], { PC_URL: 'app2', PC_IDENTITY: 'id', PC_SECRET: 'key' })
  await cli.until(/Listening on .* as 3/)
  const sender = createSocket('udp4')
  t.teardown(() => sender.close())
  sender.send('hello', port, '127.0.0.1')
  t.equal(await cli.ended, 2)
  t.match(cli.output(), 'LISTEN_FDS (socket 3 ""): is not a stream socket; use ListenStream= in the .socket unit')
})

t.test('systemd understands the units, and the service can do no more than before', async t => {
  const folder = newFolder(t)
  for (const unit of ['prismacloud-proxy.service', 'prismacloud-proxy.socket']) {
    // Node.js may be elsewhere on this machine
    const text = readFileSync(join(CONFIG, unit), 'utf8').replace('/usr/bin/node', process.execPath)
    writeFileSync(join(folder, unit), text)
  }
  for (const unit of ['prismacloud-proxy.service', 'prismacloud-proxy.socket']) {
    const { stdout, stderr } = await run('systemd-analyze', ['verify', join(folder, unit)])
    t.notMatch(stdout + stderr, 'prismacloud-proxy', unit)
  }
  const service = join(CONFIG, 'prismacloud-proxy.service')
  const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--no-pager', service])
  const [, exposure] = /Overall exposure level for prismacloud-proxy\.service: ([\d.]+)/.exec(stdout) ?? []
  t.ok(Number(exposure) <= MOST_EXPOSURE, `${exposure}`)
  t.match(
    readFileSync(service, 'utf8'),
    /^Type=notify\nNotifyAccess=all$/m,
    'who notifies is a child of the main process',
  )
})
