import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CredentialsError } from '../../src/config/fault.ts'
import { runCommand } from '../../src/config/tenants/command.ts'
import { until } from '../support/until.ts'

const print = (text: string) => [process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)})`]
const run = (script: string) => [process.execPath, '-e', script]

const outputs = [
  '{"accessKeyId": "an-id", "secretKey": "a-key"}',
  ' {\n"identity": "an-id", "secret": "a-key"}\n',
  'an-id\na-key\n',
  '\r\nan-id \r\n a-key\r\n\r\n',
]

t.test('a command prints JSON or two lines', async t => {
  for (const output of outputs) {
    const { accessKeyId, secretKey } = await runCommand(print(output))
    t.strictSame([accessKeyId.reveal(), secretKey.reveal()], ['an-id', 'a-key'], JSON.stringify(output))
  }
})

t.test('a command runs without shell and input', async t => {
  const script = 'process.stdin.on("end", () => console.log(process.argv[1] + "\\nkey")).resume()'
  const { accessKeyId } = await runCommand([process.execPath, '-e', script, '$HOME;id'])
  t.equal(accessKeyId.reveal(), '$HOME;id')
})

const failures = [
  { argv: print(''), says: 'printed output that is neither JSON nor two lines' },
  { argv: print('hunter22'), says: 'printed output that is neither JSON nor two lines' },
  { argv: print('hunter22\nb\nc'), says: 'printed output that is neither JSON nor two lines' },
  { argv: print('{hunter22'), says: 'printed output that is not JSON' },
  { argv: print('{"identity": "hunter22"}'), says: 'printed output that has no secret key' },
  { argv: run('process.exit(3)'), says: 'failed with exit code 3' },
  {
    argv: run('console.error("\\n not \\x1b[1m signed in \\nhunter22"); process.exit(1)'),
    says: 'failed with exit code 1: not [1m signed in',
  },
  {
    argv: run('console.log("key: hunter22"); console.error("bad hunter22!"); process.exit(1)'),
    says: 'failed with exit code 1',
  },
  {
    argv: run('console.log("id\\nab"); console.error("bad ab"); process.exit(1)'),
    says: 'failed with exit code 1: bad ab',
  },
  { argv: run('console.error("x".repeat(300)); process.exit(1)'), says: `failed with exit code 1: ${'x'.repeat(200)}` },
  {
    argv: run('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 9e4)'),
    says: 'was killed by SIGKILL',
    posix: true,
  },
  { argv: run('process.stdout.write("hunter22".repeat(9000))'), says: 'printed more than 64 KiB' },
]

t.test('a command that prints no access key fails, and its output is not shown', async t => {
  for (const { argv, says, posix } of failures) {
    if (posix && process.platform === 'win32') continue
    const error: unknown = await runCommand(argv).catch((error: unknown) => error)
    t.ok(error instanceof CredentialsError, says)
    t.match(`${error}`, /^CredentialsError: command node/)
    t.ok(`${error}`.endsWith(says), `${error} should end with ${says}`)
    t.notMatch(`${error}`, 'hunter22')
  }
})

t.test('the error of a command that does not exist shows its name', async t => {
  const file = join(t.testdir(), 'no-such-command')
  await t.rejects(runCommand([file]), new CredentialsError('command no-such-command not found'))
})

t.test('a command that takes too long is killed', async t => {
  const running = runCommand(run('setTimeout(() => {}, 90_000)'), undefined, 50)
  await t.rejects(running, { message: /timed out after 0\.05 s$/ })
})

t.test('a command is killed when its key is no longer needed', async t => {
  const file = join(t.testdir(), 'pid')
  const script = 'require("node:fs").writeFileSync(process.argv[1], process.pid + "\\n"); setTimeout(() => {}, 90_000)'
  const waiting = new AbortController()
  const refused = t.rejects(runCommand([...run(script), file], waiting.signal), { message: 'closed' })
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
  const pid = Number(readFileSync(file, 'utf8'))
  t.ok(isAlive(pid))
  waiting.abort(new Error('closed'))
  await refused
  await until(() => !isAlive(pid))
})

t.test('a command whose key is no longer needed is not run', async t => {
  const file = join(t.testdir(), 'ran')
  const script = 'require("node:fs").writeFileSync(process.argv[1], "")'
  await t.rejects(runCommand([...run(script), file], AbortSignal.abort(new Error('closed'))), { message: 'closed' })
  t.notOk(existsSync(file))
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
