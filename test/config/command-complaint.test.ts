import t from 'tap'
import { runCommand } from '../../src/config/tenants/command.ts'

/** A secret that is too short to be told from a word. */
const MARK = 'hunter22'

/** In the form that the vendor gives them. */
const ACCESS_KEY_ID = '7f1c2a3b-0d4e-4f5a-8b6c-9d0e1f2a3b4c'
const SECRET_KEY = 'pQ3/kLm+Zx9vB2nM4hJ7wE5tR1yU='
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl_-1'

/** The part of a failing command's stderr that is shown. */
async function shown(stderr: string, stdout = ''): Promise<string> {
  const argv = ['sh', '-c', 'printf %s "$1" >&2; printf %s "$2"; exit 1', 'sh', stderr, stdout]
  const message = await runCommand(argv).then(
    () => 'it did not fail',
    ({ message }: Error) => message,
  )
  return message.replace(/^command sh failed with exit code 1(: )?/, '')
}

const ordinary = [
  '[ERROR] 2026/01/02 03:04:05 You are not currently signed in. Please run `op signin --help` for instructions',
  '[ERROR] 2026/01/02 03:04:05 "prismacloud" isn\'t an item in the "Private" vault. Specify the item with its UUID.',
  'Error reading secret/data/prismacloud: Error making API request.',
  "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the",
  'Unable to locate credentials. You can configure credentials by running "aws configure".',
  'ERROR: (gcloud.secrets.versions.access) You do not currently have an active account selected.',
  'gpg: public key decryption failed: Inappropriate ioctl for device',
  'Get "https://vault.example:8200/v1/sys": dial tcp 10.1.2.3:8200: connect: connection refused',
  'cat: /run/secrets/prismacloud: No such file or directory',
  'sh: 1: op: not found',
]

t.test('the error message of a failed command is shown', async t => {
  for (const line of ordinary) t.equal(await shown(`${line}\nmore\n`), line)
})

const traces = [
  [`+ echo ${ACCESS_KEY_ID}`, '+ echo [hidden]'],
  [`+ printf '%s\\n' ${ACCESS_KEY_ID} '${SECRET_KEY}'`, "+ printf '%s\\n' [hidden] '[hidden]='"],
  [`+ export PC_SECRET=${SECRET_KEY}`, '+ export PC_SECRET=[hidden]'],
  [`+ curl -u ${ACCESS_KEY_ID}:${SECRET_KEY} https://vault`, '+ curl -u [hidden] https://vault'],
  [`+ curl -H 'Authorization: Bearer ${TOKEN}'`, "+ curl -H 'Authorization: Bearer [hidden]'"],
  [`no match for key "${SECRET_KEY}" in {${ACCESS_KEY_ID}}`, 'no match for key "[hidden]=" in {[hidden]}'],
  [`x-redlock-auth:${TOKEN}, (${SECRET_KEY}), <${ACCESS_KEY_ID}>`, 'x-redlock-auth:[hidden], ([hidden]=), <[hidden]>'],
  [`jq: error: ${TOKEN}[0] is none; \`${SECRET_KEY}\``, 'jq: error: [hidden][0] is none; `[hidden]=`'],
  [`no ${SECRET_KEY.slice(0, 9)}\u001b${SECRET_KEY.slice(9)}`, 'no [hidden]='],
] as const

t.test('a key or token in an error message is hidden, whatever surrounds it', async t => {
  for (const [line, hidden] of traces) t.equal(await shown(line), hidden)
})

const named = [
  [`password: ${MARK}`, 'password: [hidden]'],
  [`invalid login: passwd=${MARK}`, 'invalid login: passwd=[hidden]'],
  [`wrong pass = "${MARK}"`, 'wrong pass = [hidden]'],
  [`Enter passphrase: ${MARK}`, 'Enter passphrase: [hidden]'],
  [`{"identity":"an-id","secret":"${MARK}"}`, '{"identity":"an-id","secret":[hidden]'],
  [`+ op signin --password=${MARK} --session-token=${MARK}`, '+ op signin --password=[hidden]'],
  [`X-Vault-Token: ${MARK}`, 'X-Vault-Token: [hidden]'],
  [`SECRET='${MARK}' Key='${MARK}'`, 'SECRET=[hidden]'],
] as const

t.test('text that is named as a secret is hidden, however short it is', async t => {
  for (const [line, hidden] of named) t.equal(await shown(line), hidden)
})

t.test('an error message that repeats a part of stdout is not shown', async t => {
  t.equal(await shown(`bad answer: ${MARK}`, `an-id\n${MARK}\n`), '')
  t.equal(await shown(`bad answer: ${MARK}`, `{"secret": "${MARK}"`), '')
  t.equal(await shown('bad answer', `an-id\n${MARK}\n`), 'bad answer')
})

t.test('a long error message is truncated after its secrets are hidden', async t => {
  const long = await shown(`${'no '.repeat(60)}${SECRET_KEY.repeat(9)}`)
  t.ok(long.length <= 200)
  t.match(long, /no \[hidden\]/)
  t.equal(await shown(`${'no '.repeat(65)}${SECRET_KEY}`), `${'no '.repeat(65)}[hidd`)
})
