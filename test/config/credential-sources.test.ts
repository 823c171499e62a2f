import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Credentials } from '../../src/config/config.ts'
import { CredentialsError } from '../../src/config/fault.ts'
import { commandSource, fileSource, halvesSource } from '../../src/config/tenants/credential-sources.ts'
import { Secret } from '../../src/kernel/secret.ts'

function reveal({ accessKeyId, secretKey }: Credentials): string[] {
  return [accessKeyId.reveal(), secretKey.reveal()]
}

t.test('halves are given as they are, or read from files on each call and trimmed', async t => {
  const file = join(t.testdir({ key: '\uFEFF one-key \r\n' }), 'key')
  const source = halvesSource('x', { secret: new Secret('an-id') }, { file })
  t.match(source, { origin: 'x', kind: 'file' })
  t.strictSame(reveal(await source.read()), ['an-id', 'one-key'])
  await writeFile(file, 'another-key')
  t.strictSame(reveal(await source.read()), ['an-id', 'another-key'])
})

t.test('halves in the configuration do not change', async t => {
  const [id, key] = [{ secret: new Secret('an-id') }, { secret: new Secret('a-key') }]
  const source = halvesSource('x', id, key)
  t.equal(source.kind, 'fixed')
  t.strictSame(reveal(await source.read()), ['an-id', 'a-key'])
  t.equal(halvesSource('x', { file: '/run/id' }, key).kind, 'file')
})

t.test('the error of a file that no longer contains a secret names the file', async t => {
  const dir = t.testdir({ empty: '\n \n', directory: {} })
  for (const [name, problem] of [
    ['empty', 'is empty'],
    ['directory', 'is a directory'],
    ['missing', 'does not exist'],
  ] as const) {
    const file = join(dir, name)
    const source = halvesSource('x', { file }, { secret: new Secret('a-key') })
    await t.rejects(source.read(), new CredentialsError(`file ${file} ${problem}`))
  }
})

const forms = [
  '{"url": "app2", "identity": "an-id", "secret": "a-key"}',
  '\uFEFF{"accessKeyId": "an-id",\r\n "secretKey": "a-key"}\r\n',
  '{"api": "app2", "username": " an-id ", "password": "a-key\\n"}',
  '{"api_endpoint": "app2", "access_key_id": "an-id", "secret_key": "a-key", "identity": null, "secret": ""}',
]

t.test("each form of the vendor's credentials file is read", async t => {
  for (const [index, text] of forms.entries()) {
    const file = join(t.testdir({ [`${index}.json`]: text }), `${index}.json`)
    const source = fileSource(file)
    t.match(source, { origin: `file ${file}`, kind: 'file' })
    t.strictSame(reveal(await source.read()), ['an-id', 'a-key'], text)
  }
})

const unusable = [
  { text: ' ', problem: 'is empty' },
  { text: 'hunter22', problem: 'is not JSON' },
  { text: '{"secret": hunter22}', problem: 'is not JSON' },
  { text: 'null', problem: 'has no access key ID' },
  { text: '["hunter22"]', problem: 'has no access key ID' },
  { text: '"hunter22"', problem: 'has no access key ID' },
  { text: '{"secret": "hunter22"}', problem: 'has no access key ID' },
  { text: '{"identity": "hunter22", "secret": 22}', problem: 'has no secret key' },
  { text: '{"identity": "hunter22", "secret": " "}', problem: 'has no secret key' },
]

t.test('a credentials file without an access key fails, and its content is not shown', async t => {
  for (const [index, { text, problem }] of unusable.entries()) {
    const file = join(t.testdir({ [`${index}.json`]: text }), `${index}.json`)
    await t.rejects(fileSource(file).read(), new CredentialsError(`file ${file} ${problem}`), text)
  }
})

t.test('a command runs when its key is read, and is shown without its arguments', async t => {
  const source = commandSource([process.execPath, '-p', '"an-id\\na-key"'], true)
  t.match(source.origin, /^command node[^/]*$/)
  t.strictSame(reveal(await source.read()), ['an-id', 'a-key'])
})

t.test('the kind of a command depends on whether its key is good for many logins', async t => {
  t.equal(commandSource(['op'], true).kind, 'command')
  t.equal(commandSource(['op'], false).kind, 'changing')
})

t.test('reading that is aborted rejects with the reason of the signal', async t => {
  const dir = t.testdir({ key: 'a-key', 'key.json': '{"identity": "an-id", "secret": "a-key"}' })
  const [key, json] = [join(dir, 'key'), join(dir, 'key.json')]
  const half = { secret: new Secret('an-id') }
  const ended = AbortSignal.abort(new RangeError('closed'))
  for (const source of [
    halvesSource('x', { file: key }, half),
    halvesSource('x', half, { file: key }),
    fileSource(json),
  ])
    await t.rejects(source.read(ended), new RangeError('closed'), source.origin)
  const command = commandSource([process.execPath, '-p', '"an-id\\na-key"'], true)
  await t.rejects(command.read(ended), new RangeError('closed'))
  t.strictSame(reveal(await command.read(new AbortController().signal)), ['an-id', 'a-key'])
})
