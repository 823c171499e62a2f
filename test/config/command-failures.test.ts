import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CredentialsError } from '../../src/config/fault.ts'
import { runCommand } from '../../src/config/tenants/command.ts'
import { until } from '../support/until.ts'

const MARK = 'hunter22'

t.test('a command that ignores SIGTERM is killed when its result is no longer needed', { timeout: 5000 }, async t => {
  const file = join(t.testdir(), 'pid')
  const script = 'trap "" TERM; echo $$ > "$0"; while :; do sleep 1; done'
  const waiting = new AbortController()
  const refused = t.rejects(runCommand(['sh', '-c', script, file], waiting.signal), { message: 'closed' })
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  const pid = Number(readFileSync(file, 'utf8'))
  t.teardown(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
  waiting.abort(new Error('closed'))
  await refused
  await until(() => !isAlive(pid))
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('the error of a command that cannot be run shows its name, but not its arguments', async t => {
  for (const argv of [['/etc/passwd/op'], ['op', `a\0${MARK}`], ['op', 'x'.repeat(200_000)]]) {
    const error: unknown = await runCommand(argv).catch((error: unknown) => error)
    t.ok(error instanceof CredentialsError, `${error}`.slice(0, 200))
    t.match(`${error}`, 'command op ')
    t.notMatch(`${error}`, MARK)
  }
})

const leaks = [
  `+ export PC_SECRET=${MARK}`,
  `+ export PRISMACLOUD_PASSWORD='${MARK}'`,
  `VAULT_TOKEN=${MARK} is not accepted`,
  `secretKey: ${MARK}`,
  `{"secretKey":"${MARK}"}`,
  `client_secret=${MARK}&x=1`,
  `api_key: ${MARK}`,
  `password: "${MARK.slice(0, 2)} ${MARK}"`,
  `+ op signin --password ${MARK}`,
  `+ curl -u admin:${MARK} https://vault`,
  `fatal: unable to access 'https://admin:${MARK}@vault.example/'`,
  `Authorization: Basic ${MARK}`,
  'no match for pQzkLmvZxyvBnMyhJawEbtRcyUds=',
]

t.test('text that looks like a secret is not shown', async t => {
  for (const line of leaks) {
    const error: unknown = await runCommand(['sh', '-c', 'printf %s "$1" >&2; exit 1', 'sh', line]).catch(e => e)
    t.notMatch(`${error}`, /hunter22|pQzk/, line)
  }
})

const messages = [
  'cat: /run/secrets/prismacloud-2026/secret-key: No such file or directory',
  'sh: 1: get-secret: not found',
  'Could not connect to the endpoint URL: "https://secretsmanager.us-east-1.amazonaws.com/"',
]

t.test('text that does not look like a secret is shown', async t => {
  for (const line of messages) {
    const error: unknown = await runCommand(['sh', '-c', 'printf %s "$1" >&2; exit 1', 'sh', line]).catch(e => e)
    t.match(`${error}`, line)
  }
})
