import t from 'tap'
import { run, simulate } from './rig.ts'

t.test('traces are opened with the proxy, and closed with it', async t => {
  const { url } = await simulate(t)
  const { host, listening, ended } = run(t, {
    PC_URL: url,
    PRISMACLOUD_PROXY_OTEL_ENABLED: 'true',
    OTEL_TRACES_EXPORTER: 'none',
  })
  await listening()
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
})
