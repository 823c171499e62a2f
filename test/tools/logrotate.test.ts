import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { run, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

const EXAMPLE = readFileSync(new URL('../../config/logrotate', import.meta.url), 'utf8')

/** Where the example expects the audit. */
const PLACE = '/var/log/prismacloud-proxy/audit.log'

/** What the example asks systemd for. */
const SIGNAL = 'kill --kill-who=main --signal=USR2 prismacloud-proxy.service'

t.test('logrotate rotates the audit under load, and no line is lost', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const folder = newFolder(t)
  const [audit, config, state] = ['log/audit.log', 'logrotate', 'state'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(join(folder, 'log'), { mode: 0o700 })
  const env = { ...credentials(simulator), PRISMACLOUD_PROXY_AUDIT_FILE: audit }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], env)
  const [, url] = await cli.until(/listening at (http:\S+?)"/)

  writeFileSync(config, EXAMPLE.replace(PLACE, audit), { mode: 0o644 })
  // the part of systemd, which knows the process
  const systemctl = join(folder, 'systemctl')
  writeFileSync(systemctl, `#!/bin/sh\n[ "$*" = '${SIGNAL}' ] && kill -USR2 ${cli.process.pid}\n`)
  chmodSync(systemctl, 0o755)
  const logrotate = (...args: string[]) =>
    run('logrotate', [...args, '-s', state, config], { PATH: `${folder}:${process.env.PATH}` })

  let asked = 0
  const ask = async () => {
    asked++
    t.equal((await callUrl(`${url}/v2/policy`)).status, 200)
  }
  let isOver = false
  const client = async () => {
    while (!isOver) await ask()
  }
  const rotate = async () => {
    await until(() => existsSync(audit))
    const before = asked
    await until(() => asked > before + 5)
    await logrotate('-f')
    await until(() => existsSync(audit))
  }
  const { stderr } = await logrotate('-d')
  t.match(stderr, `considering log ${audit}`)
  t.notMatch(stderr, /error:/)
  const load = Promise.all([client(), client()])
  await rotate()
  await rotate()
  isOver = true
  await load
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)

  const oldest = gunzipSync(readFileSync(`${audit}.2.gz`))
  const files = [`${oldest}`, ...[`${audit}.1`, audit].map(path => readFileSync(path, 'utf8'))]
  const lines = files.map(text => text.split('\n').slice(0, -1))
  for (const each of lines) t.ok(each.length > 0)
  t.equal(lines.flat().filter(line => JSON.parse(line)).length, asked)
  for (const path of [`${audit}.2.gz`, `${audit}.1`, audit]) t.equal(statSync(path).mode & 0o777, 0o600, path)
  t.notMatch(cli.output(), /"level":[45]0/)
})

t.test('the example sends the signal as systemctl takes it', async t => {
  t.match(EXAMPLE, `systemctl ${SIGNAL} `)
  // no service of that name runs, and systemd may not either; options that it does not know would be named
  const { stderr } = await run('systemctl', SIGNAL.split(' ')).catch((error: { stderr: string }) => error)
  t.notMatch(stderr, /option|usage/i)
})
