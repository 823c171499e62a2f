import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { freePort } from '../support/free-port.ts'
import { spawnBare } from '../support/process.ts'
import { clientOf, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const { services } = parse(readFileSync(resolve(import.meta.dirname, '../../config/compose-fleet.yaml'), 'utf8'))

const SECRETS = { 'client-token': '0123456789abcdef\n', 'redis-password': 'a-password\n' }

/** Runs what a container runs, with other parts of the command where the container is another world. */
function runAs(t: Test, command: readonly string[], replaced: Readonly<Record<string, string>>) {
  const all = { $$: '$', '/run/secrets': t.testdir(SECRETS), ...replaced }
  const [program = '', ...args] = command.map(word =>
    Object.entries(all).reduce((line, [here, there]) => line.replaceAll(here, () => there), word),
  )
  return spawnBare(program, args)
}

t.test('the tool of compose-fleet.yaml shows its token', async t => {
  const { port, app } = await startPair(t, { config: { clients: [clientOf('default', '0123456789abcdef')] } })
  await app.login()
  const tool = runAs(t, services.tool.entrypoint, { 'prismacloud-proxy:9080': `127.0.0.1:${port}` })
  t.match(JSON.parse(await text(tool.stdout)), [{ policyId: String }])
})

t.test('the Redis of compose-fleet.yaml wants its password', async t => {
  const port = `${await freePort()}`
  runAs(t, services.redis.command, { 'redis-server -': `redis-server --port ${port} -` })
  const ask = (command: string, ...login: string[]) =>
    text(spawnBare('redis-cli', ['-p', port, ...login, command]).stdout)
  const login = ['-a', SECRETS['redis-password'].trim(), '--no-auth-warning']
  // the shell that started it is not it
  t.teardown(() => ask('shutdown', ...login))
  await until(async () => (await ask('ping')).startsWith('NOAUTH'))
  t.equal(await ask('ping', ...login), 'PONG\n')
})
