import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { faultsOf, load } from './support.ts'

/** Every secret in these tests; it must never be shown. */
const MARK = 'hunter22'

const files = [
  `tenants: {a: {secretKye: ${MARK}}}`,
  `tenants: {a: {secretKey: [${MARK}], accessKeyId: {${MARK}: ${MARK}}}}`,
  `tenants: {a: {secretKey: ${MARK}, secretKeyFile: /x, accessKeyId: ${MARK}, accessKeyIdFile: /x}}`,
  `tenants: {a: {credentialCommand: ${MARK}}}`,
  `tenants: {a: {credentialCommand: [op, {x: ${MARK}}]}}`,
  `tenants: {a: {url: "https://${MARK}:${MARK}@app2"}}`,
  `tenants: {a: {url: "https://gateway.example/?key=${MARK}"}}`,
  `tenants: {a: ${MARK}}`,
  `tenants: {a: {secretKey:${MARK}}}`,
  `tenants: {a: {secretKey: ${MARK}`,
  `tenants:\n  a:\n    secretKey: ${MARK}\n    secretKey: ${MARK}\n`,
  `tenants:\n  a:\n    secretKey: ${MARK}\n   url: ${MARK}\n`,
  `tenants:\n  a:\n    secretKey: "${MARK}\n`,
  `tenants:\n  a:\n    secretKey: !${MARK} ${MARK}\n`,
  `tenants:\n  a:\n    secretKey: *${MARK}\n`,
  `secret: ${MARK}`,
  `upstream: {proxy: "${MARK}:${MARK}@proxy"}`,
  MARK,
]

t.test('no fault shows a secret from a file', async t => {
  for (const [index, text] of files.entries()) {
    const file = join(t.testdir({ [`${index}.yaml`]: text }), `${index}.yaml`)
    await t.rejects(load({ args: ['--config', file] }), { name: 'ConfigError' }, text)
    t.notMatch(JSON.stringify(await faultsOf({ args: ['--config', file] })), MARK, text)
  }
})

const variables = ['SECRT_KEY', 'ACCESS_KEY_ID', 'SECRET_KEY', 'CREDENTIAL_COMMAND', 'LAZY_SECRET_KEY_X']

t.test('no fault shows a secret from the environment', async t => {
  for (const name of variables) {
    const env = { [`PRISMACLOUD_PROXY_TENANTS_A_${name}`]: MARK, PC_SECRET: MARK, PRISMACLOUD_PASSWORD: MARK }
    t.notMatch(JSON.stringify(await faultsOf({ env })), MARK, name)
  }
})

t.test('no error shows a secret from a flag', async t => {
  for (const args of [
    ['--secret-key', MARK],
    [`--secret-key=${MARK}`],
    ['--secrt-key', MARK, MARK],
    ['-p', MARK],
    [`-p${MARK}`],
  ]) {
    const error = await load({ args }).catch((error: Error) => error)
    t.match(error, { name: 'UsageError' })
    t.notMatch(inspect(error), MARK, args.join(' '))
  }
})

t.test('no fault shows a secret from a file that a key names', async t => {
  for (const text of [
    MARK,
    `{"secret": ${MARK}`,
    `{"secret": "${MARK}"}`,
    `["${MARK}"]`,
    `{"identity": "a", "secret": "b", "url": "https://x:${MARK}@y"}`,
  ]) {
    const dir = t.testdir({ '.prismacloud': { 'credentials.json': text } })
    t.notMatch(JSON.stringify(await faultsOf({ env: {}, homeDirectory: dir })), MARK, text)
  }
})

t.test('a configuration that is printed shows no secret', async t => {
  const token = join(t.testdir({ token: MARK.repeat(3) }), 'token')
  const env = { PC_URL: 'app2', PC_IDENTITY: `${MARK}-id`, PC_SECRET: MARK }
  const config = await load({ env, args: ['--listen-client-token-file', token] })
  t.notMatch(inspect(config, { depth: 9, showHidden: true }), MARK)
  t.notMatch(JSON.stringify([config, [...config.tenants]]), MARK)
})
