import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ca } from '../../src/commands/ca.ts'
import { UsageError } from '../../src/kernel/arguments.ts'
import { fakeHost } from '../support/host.ts'

/** Runs the command with a state directory of its own, and gives what it printed. */
async function run(state: string, ...args: string[]) {
  const host = fakeHost({ args, env: { XDG_STATE_HOME: state } })
  return { code: await ca.run(host), printed: host.stdout.text, complaint: host.stderr.text }
}

const stateOf = (t: Test) => join(t.testdir(), 'a state')

t.test('it shows the CA, and how clients trust it', async t => {
  const state = stateOf(t)
  const { code, printed } = await run(state)
  const file = join(state, 'prismacloud-proxy', 'ca.pem')
  const { fingerprint256, validTo } = new X509Certificate(readFileSync(file))
  t.equal(code, 0)
  const lines = printed.split('\n')
  t.strictSame(lines.slice(0, 3), [
    `certificate  ${file}`,
    `SHA-256      ${fingerprint256}`,
    `valid until  ${new Date(validTo).toISOString().slice(0, 10)}`,
  ])
  for (const client of ['curl', 'Python', 'Node.js', 'Java', 'Git Bash'])
    t.ok(
      lines.some(line => line.startsWith(`  ${client.padEnd(11)}`) && line.includes(`'${file}'`)),
      client,
    )
  t.equal((await run(state)).printed, printed, 'the same one the next time')
})

t.test('a path that a shell takes as it is has no quotes', async t => {
  const state = join(t.testdir(), 'state')
  t.match((await run(state)).printed, `--cacert ${state}/prismacloud-proxy/ca.pem `)
  const odd = join(t.testdir(), "it's")
  t.match((await run(odd)).printed, "it'\\''s/prismacloud-proxy/ca.pem' ")
})

t.test('it prints the certificate alone', async t => {
  const state = stateOf(t)
  const { printed } = await run(state, 'print')
  t.equal(printed, readFileSync(join(state, 'prismacloud-proxy', 'ca.pem'), 'utf8'))
})

t.test('it makes another', async t => {
  const state = stateOf(t)
  const before = await run(state, 'print')
  const { printed } = await run(state, 'rotate')
  t.match(
    printed,
    /^The CA was replaced\. Clients must trust the new certificate and can remove the old one\.\n\ncertificate {2}/,
  )
  const after = await run(state, 'print')
  t.not(after.printed, before.printed)
  t.match(printed, new X509Certificate(after.printed).fingerprint256)
})

t.test('for programs, each form says the same facts as JSON', async t => {
  const state = stateOf(t)
  const pem = (await run(state, 'print')).printed
  const { fingerprint256, validTo } = new X509Certificate(pem)
  const facts = {
    certificateFile: join(state, 'prismacloud-proxy', 'ca.pem'),
    certificate: pem,
    sha256: fingerprint256,
    validUntil: new Date(validTo).toISOString(),
  }
  for (const args of [['--json'], ['print', '--json']]) {
    const { code, printed } = await run(state, ...args)
    t.equal(code, 0)
    t.match(printed, /^\{.*\}\n$/)
    t.strictSame(JSON.parse(printed), facts)
  }
  const rotated = JSON.parse((await run(state, 'rotate', '--json')).printed)
  t.not(rotated.sha256, facts.sha256)
  t.strictSame(JSON.parse((await run(state, '--json')).printed), rotated)
})

t.test('a folder that cannot be used is told', async t => {
  const state = t.testdir({ 'prismacloud-proxy': 'a file' })
  const { code, printed, complaint } = await run(state)
  t.equal(code, 1)
  t.equal(printed, '')
  t.match(complaint, /^cannot store the local CA in \S+ \(ENOTDIR\): set XDG_STATE_HOME to a folder that you own\n$/)
})

t.test('other arguments are refused', async t => {
  const state = stateOf(t)
  await t.rejects(run(state, 'rotat'), new UsageError('unknown command "rotat"; did you mean "rotate"?'))
  await t.rejects(run(state, 'zzz'), new UsageError('unknown command "zzz"'))
  await t.rejects(run(state, 'print', 'more'), new UsageError('unexpected argument; flags look like --name value'))
  await t.rejects(run(state, '--print'), new UsageError('unknown flag --print'))
})

t.test('no key is in what it prints', async t => {
  const state = stateOf(t)
  const printed = [await run(state), await run(state, 'print'), await run(state, 'rotate')].map(
    ({ printed }) => printed,
  )
  t.notMatch(printed.join(''), 'PRIVATE KEY')
})
