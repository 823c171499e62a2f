import t from 'tap'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

t.test('a status is watched until a signal, even while there is no proxy', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const proxy = startCli(
    t,
    ['start', '--listen-address', '127.0.0.1:0', '--log-format', 'json'],
    credentials(simulator),
  )
  const [, url] = await proxy.until(/listening at (http:[^"]*)"/)
  await proxy.until(/ready in/)
  const watch = startCli(t, ['status', '--watch', '--url', `${url}`])
  await watch.until(/, ready\n\nTENANT .*\ndefault .* ready /)
  proxy.process.kill('SIGTERM')
  await watch.until(/trying again every second: cannot reach a proxy/)
  watch.process.kill('SIGINT')
  t.equal(await watch.ended, 0)
})
