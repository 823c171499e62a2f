import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type FirstProcess, leaveFirstPlace } from '../../src/commands/exec/first-process.ts'

type Call = Parameters<NonNullable<FirstProcess['execve']>>

/** A process that would be replaced, and what by. */
function processWith(pid: number, execArgv: string[] = [], argv = ['node', '/cli.js', 'exec', '--', 'x y']) {
  const calls: Call[] = []
  const execve = (...call: Call) => {
    calls.push(call)
    throw new Error('replaced')
  }
  return { self: { pid, execPath: process.execPath, execArgv, argv, env: { A: 'b' }, execve }, calls }
}

t.test('only process 1 is replaced, by a shell that starts the same again', async t => {
  const other = processWith(2)
  t.strictSame(leaveFirstPlace(other.self), [])
  t.strictSame(other.calls, [])
  const { self, calls } = processWith(1, ['--max-semi-space-size=8'])
  t.throws(() => leaveFirstPlace(self), { message: 'replaced' })
  const [file, args, env] = calls[0] ?? []
  t.strictSame([file, args?.slice(0, 2), env], ['/bin/sh', ['sh', '-c'], { A: 'b' }])
  t.strictSame(args?.slice(3), [process.execPath, '--max-semi-space-size=8', '/cli.js', 'exec', '--', 'x y'])
})

t.test('where that cannot be, there is a warning', async t => {
  const { self } = processWith(1)
  t.match(leaveFirstPlace(self, '/none/such'), [
    /^exec is process 1 of the container and cannot reap .*; run the container with an init \(docker run --init\)$/,
  ])
  const { execve, ...old } = self
  t.match(leaveFirstPlace(old), [/docker run --init/])
})

/** The shell as it would be, with a script in place of the program. */
function shellWith(script: string) {
  const { self, calls } = processWith(1, [], ['node', '-e', script])
  t.throws(() => leaveFirstPlace(self))
  const [file = '', args = []] = calls[0] ?? []
  return spawn(file, args.slice(1), { argv0: 'sh', stdio: ['pipe', 'pipe', 'inherit'] })
}

t.test('the shell has its child’s exit code, streams and signals', async t => {
  const ended = async (child: ReturnType<typeof shellWith>) => (await once(child, 'exit'))[0]
  for (const code of [0, 7, 127, 130]) t.equal(await ended(shellWith(`process.exit(${code})`)), code)
  t.equal(await ended(shellWith('process.kill(process.pid, "SIGKILL")')), 137)

  const echo = shellWith('process.stdin.pipe(process.stdout)')
  echo.stdin.end('hello')
  t.equal(await text(echo.stdout), 'hello')

  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    const script = `let n = 0; process.on('${name}', () => { console.log(++n); if (n === 3) process.exit(9) }); console.log('on'); setInterval(() => {}, 1e4)`
    const child = shellWith(script)
    for await (const _ of child.stdout) child.kill(name)
    t.equal(await (child.exitCode ?? ended(child)), 9, name)
  }
})
