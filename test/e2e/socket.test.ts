import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

t.test('a socket serves its owner and nobody else, whatever became of the proxy before', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const path = join(newFolder(t), 'proxy.sock')
  const env = credentials(simulator)
  const start = () => startCli(t, ['--listen-address', `unix:${path}`], env)
  const ask = async (query = '') => (await callUrl(`http://localhost/v2/policy${query}`, { socketPath: path })).status

  const first = start()
  await first.until(/listening at unix:.*proxy\.sock"/)
  t.equal(await ask(), 200)
  t.equal(statSync(path).mode & 0o777, 0o600)

  await t.test('a request target may have up to 64 KiB', async t => {
    const query = `?${'x'.repeat(65_536 - '/v2/policy?'.length)}`
    t.equal(await ask(query), 200)
    t.equal(await ask(`${query}x`), 414)
  })

  await t.test('another proxy does not take it away from a living one', async t => {
    const other = start()
    t.equal(await other.ended, 1)
    t.match(other.output(), `unix:${path} is already in use; find the process with lsof ${path}`)
    t.equal(await ask(), 200)
  })

  await t.test('other users of the machine see no secret in the list of processes', async t => {
    const listed = readFileSync(`/proc/${first.process.pid}/cmdline`, 'utf8')
    t.match(listed, path)
    t.notOk(listed.includes(`${env.PC_SECRET}`))
  })

  first.process.kill('SIGKILL')
  t.equal(await first.ended, 'SIGKILL')
  t.equal(statSync(path).isSocket(), true, 'the killed one leaves its socket behind')

  const second = start()
  await second.until(/listening at unix:/)
  t.equal(await ask(), 200)
  t.equal(statSync(path).mode & 0o777, 0o600)
  second.process.kill('SIGTERM')
  t.equal(await second.ended, 0)
  t.throws(() => statSync(path), { code: 'ENOENT' })
  t.notOk((first.output() + second.output()).includes(`${env.PC_SECRET}`))
})
