import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Candidate, findStack, type Reply } from '../../src/commands/stacks/find-stack.ts'
import { stacks, stacksCommand } from '../../src/commands/stacks.ts'
import { ConfigError } from '../../src/config/fault.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { stacks as table } from '../../src/stacks/stacks.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'

const KEY = { PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
const STRANGERS = { users: [{ ...DEMO_USER, secretKey: 'another' }] }

/** A stack for each simulator: `one`, `two`, … */
async function simulate(t: Test, ...options: Partial<SimulatorOptions>[]) {
  const simulators = await Promise.all(options.map(each => startSimulator({ clock: systemClock, ...each })))
  t.teardown(() => Promise.all(simulators.map(simulator => simulator.close())))
  return { simulators, candidates: simulators.map(candidateOf) }
}

function candidateOf({ url }: Pick<Simulator, 'url'>, index: number): Candidate {
  return { stack: `s${index + 1}`, api: resolveApi(url) }
}

/** Runs `stacks find`. Whatever it finds, it shows neither key nor token. */
async function find(t: Test, candidates: readonly Candidate[], options: FakeHostOptions = {}) {
  const host = fakeHost({ env: KEY, ...options, args: ['find', ...(options.args ?? [])] })
  const code = await stacksCommand(candidates).run(host)
  const text = host.stdout.text + host.stderr.text
  for (const secret of [DEMO_USER.accessKeyId, DEMO_USER.secretKey, 'eyJ']) t.notOk(text.includes(secret))
  return { code, text }
}

async function run(...args: string[]): Promise<string> {
  const host = fakeHost({ args })
  t.equal(await stacks.run(host), 0)
  return host.stdout.text
}

t.test('the table is aligned, with every stack in it', async t => {
  const [head, first, ...others] = (await run()).trimEnd().split('\n')
  t.equal(head, 'STACK    ADMIN CONSOLE                   API')
  t.equal(first, 'app      https://app.prismacloud.io      https://api.prismacloud.io')
  t.equal(others.length, table.length - 1)
  for (const line of others) t.match(line, /^app.{6}https:\/\/app.{21}https:\/\/api/)
})

t.test('as JSON it has a member for each column', async t => {
  const rows = JSON.parse(await run('--json'))
  t.equal(rows.length, table.length)
  t.same(rows[1], { stack: 'app2', console: 'https://app2.prismacloud.io', api: 'https://api2.prismacloud.io' })
})

t.test('a word or flag that it does not know is refused, with the nearest that it does', async t => {
  const rows: [args: string[], message: string | RegExp][] = [
    [['fnd'], 'unknown command "fnd"; did you mean "find"?'],
    [['--jsn'], 'unknown flag --jsn; did you mean --json?'],
    [['--json', 'find'], 'unexpected argument; flags look like --name value'],
    [['find', '--yes', '--urk', 'x'], 'unknown flag --urk; did you mean --url?'],
    [['find', '--yes', '--secret-key', 'x'], /^--secret-key is not allowed as a flag: /],
    [['find', '--yes=no'], '--yes takes no value'],
    [['find', '--ye'], 'unknown flag --ye; did you mean --yes?'],
  ]
  for (const [args, message] of rows) await t.rejects(stacks.run(fakeHost({ args })), { name: 'UsageError', message })
})

t.test('find agrees to nothing by itself: without a terminal it needs --yes', async t => {
  const { simulators, candidates } = await simulate(t, {})
  await t.rejects(find(t, candidates), {
    name: 'UsageError',
    message: 'cannot ask for confirmation without a terminal; to agree, run stacks find --yes',
  })
  const piped = { ...fakeHost({ args: ['find'], env: KEY, isTTY: true, input: 'y\n' }), stdout: fakeHost().stdout }
  await t.rejects(stacksCommand(candidates).run(piped), { name: 'UsageError' })
  t.equal(simulators[0]?.requests.length, 0)
})

t.test('find needs an access key, and no url', async t => {
  await t.rejects(find(t, [], { args: ['--yes'], env: {} }), ConfigError)
  t.match(await find(t, [], { args: ['--yes', '--url=app3'] }), { code: 1 })
  t.match(await find(t, [], { args: ['--yes'] }), { code: 1 })
})

t.test('find asks at a terminal, saying first whom it will send the key to', async t => {
  const { simulators, candidates } = await simulate(t, STRANGERS, {})
  const hosts = simulators.map(({ url }) => `  ${new URL(url).host}\n`).join('')
  for (const input of ['', '\n', 'n\n', 'yeah\n']) {
    const { code, text } = await find(t, candidates, { isTTY: true, input })
    t.match(
      text,
      `these 2 login hosts of Palo Alto Networks until one accepts it:\n${hosts}Continue? [y/N] aborted; the key was not sent\n`,
    )
    t.equal(code, 1)
  }
  t.equal(simulators[1]?.requests.length, 0)
  for (const input of ['y\n', ' YES \n']) t.match(await find(t, candidates, { isTTY: true, input }), { code: 0 })
})

t.test('find names the stack that knows the key, and how to use it', async t => {
  const { candidates } = await simulate(t, STRANGERS, {}, STRANGERS)
  const { code, text } = await find(t, candidates, { args: ['--yes'] })
  t.equal(code, 0)
  t.match(
    text,
    '\nStack s2 accepts this key.\nSet it with --url s2, PC_URL=s2, or "url: s2" in the configuration file.\n',
  )
})

t.test('find knows the stack of a user of several tenants, and names them', async t => {
  const tenants = ['One', 'Two'].map((customerName, index) => ({ customerName, prismaId: `${index}` }))
  const { candidates } = await simulate(t, { users: [{ ...DEMO_USER, tenants }] })
  const { code, text } = await find(t, candidates, { args: ['--yes'] })
  t.equal(code, 0)
  t.match(
    text,
    'Stack s1 accepts this key.\nThe access key belongs to a user of several tenants: set customerName to one of "One"',
  )
})

t.test('find tells what each login said when none knows the key', async t => {
  const { simulators, candidates } = await simulate(t, STRANGERS, STRANGERS)
  await simulators[1]?.close()
  const { code, text } = await find(t, candidates, { args: ['--yes'] })
  t.equal(code, 3)
  t.match(text, /\nNo stack accepts this key:\n {2}s\d {7}/)
  t.match(text, /\n {2}s1 {7}127\.0\.0\.1:\d+ rejected the access key \(401 invalid_credentials/)
  t.match(text, /\n {2}s2 {7}POST \/login: 127\.0\.0\.1:\d+ refuses connections/)
})

t.test('for programs, find prints what came of it as JSON, and all else on standard error', async t => {
  const { candidates } = await simulate(t, STRANGERS, {})
  const search = async (candidates: readonly Candidate[]) => {
    const host = fakeHost({ env: KEY, args: ['find', '--yes', '--json'] })
    const code = await stacksCommand(candidates).run(host)
    t.match(host.stderr.text, /^This sends the access key to these \d login hosts/)
    t.match(host.stdout.text, /^\{.*\}\n$/)
    return { code, ...JSON.parse(host.stdout.text) }
  }
  const found = await search(candidates)
  t.match(found, { code: 0, stack: 's2' })
  t.strictSame(found.replies.at(-1), { stack: 's2', verdict: 'accepted', reason: '' })
  const reason = /rejected the access key/
  t.match(await search(candidates.slice(0, 1)), { code: 3, stack: null, replies: [{ verdict: 'rejected', reason }] })
})

t.test('for programs, find asks on standard error as well', async t => {
  const { candidates } = await simulate(t, {})
  const host = fakeHost({ env: KEY, args: ['find', '--json'], isTTY: true, input: 'n\n' })
  t.equal(await stacksCommand(candidates).run(host), 1)
  t.equal(host.stdout.text, '')
  t.match(host.stderr.text, 'Continue? [y/N] aborted; the key was not sent\n')
})

t.test('find fails when no login could be asked', async t => {
  const { simulators, candidates } = await simulate(t, {})
  await simulators[0]?.close()
  const { code, text } = await find(t, candidates, { args: ['--yes'] })
  t.equal(code, 1)
  t.match(text, 'No stack could be tried:\n  s1')
})

t.test('find fails when the access key cannot be read', async t => {
  const file = join(t.testdir({ 'it.yaml': 'tenants: {default: {credentialCommand: ["false"]}}' }), 'it.yaml')
  const { code, text } = await find(t, [], { args: ['--yes', '--config', file], env: {} })
  t.equal(code, 1)
  t.match(text, 'cannot read the access key: command false failed with exit code 1')
})

t.test('at most four logins are asked at a time, and none after one knew the key', async t => {
  const candidates = Array.from({ length: 9 }, (_, index) =>
    candidateOf({ url: `http://localhost:${index + 1}` }, index),
  )
  const asked: { stack: string; signal: AbortSignal; reply: (verdict: Reply['verdict']) => void }[] = []
  const searching = findStack(candidates, ({ stack }, signal) => {
    return new Promise(resolve => {
      asked.push({ stack, signal, reply: verdict => resolve({ stack, verdict, reason: '' }) })
    })
  })
  const stacksAsked = () => asked.map(({ stack }) => stack).join()
  t.equal(stacksAsked(), 's1,s2,s3,s4')
  asked[1]?.reply('rejected')
  await new Promise(setImmediate)
  t.equal(stacksAsked(), 's1,s2,s3,s4,s5')
  asked[4]?.reply('accepted')
  await new Promise(setImmediate)
  t.ok(asked.every(({ signal }) => signal.aborted))
  for (const each of asked) each.reply('failed')
  t.match(await searching, [
    { stack: 's2', verdict: 'rejected' },
    { stack: 's5', verdict: 'accepted' },
  ])
  t.equal((await searching).length, 2)
  t.equal(stacksAsked(), 's1,s2,s3,s4,s5')
})
