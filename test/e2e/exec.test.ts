import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { startExec } from '../support/stack.ts'
import { until } from '../support/until.ts'

const UNDICI = pathToFileURL(resolve(import.meta.dirname, '../../node_modules/undici/index.js'))

/** A tool that finds its proxy and whom to trust in its environment, and prints the status and the body. */
function tool(url: string): string[] {
  const script = `
    const { EnvHttpProxyAgent, request } = (await import('${UNDICI}')).default
    const { statusCode, body } = await request('${url}', { dispatcher: new EnvHttpProxyAgent() })
    console.log(statusCode, await body.text())`
  return [process.execPath, '--input-type=module', '--eval', script]
}

t.test('a tool that has the API hosts built in works unchanged', async t => {
  const cli = await startExec(t, tool('https://api2.prismacloud.io/v2/policy'))
  t.equal(await cli.ended, 0)
  t.match(cli.output(), /^200 \[\{"policyId"/)
})

t.test('other hosts are reached as before', async t => {
  // the simulator speaks in the name of every host, with a certificate that nobody here trusts
  const url = 'https://example.com/'
  const distrusting = await startExec(t, tool(url))
  t.equal(await distrusting.ended, 1)
  t.match(distrusting.output(), /UNABLE_TO_|SELF_SIGNED_/)
  const trusting = await startExec(t, ['env', 'NODE_TLS_REJECT_UNAUTHORIZED=0', ...tool(url)])
  t.equal(await trusting.ended, 0)
  t.match(trusting.output(), /^404 /m)
})

t.test('a signal reaches the command, its exit code is told, and nothing is left behind', async t => {
  const script = 'trap "exit 9" TERM; echo "file $SSL_CERT_FILE"; while :; do sleep 0.1; done'
  const cli = await startExec(t, ['sh', '-c', script])
  const [, file = ''] = await cli.until(/file (\S+)/)
  t.ok(existsSync(file))
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 9)
  await until(() => !existsSync(dirname(file)))
})
