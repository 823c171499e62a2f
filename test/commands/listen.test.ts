import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { ListenError, listen } from '../../src/commands/serve/listen.ts'
import { TlsError } from '../../src/tls/identity.ts'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { run } from '../support/process.ts'

/** A server that answers with its name, and ends with the test. */
function serverOf(t: Test, name = 'new'): FastifyInstance {
  const server = Fastify()
  server.get('/', () => name)
  t.teardown(() => server.close())
  return server
}

const socketPath = (t: Test) => join(newFolder(t), 'proxy.sock')

async function askSocket(path: string): Promise<string> {
  return (await callUrl('http://localhost/', { socketPath: path })).text
}

/** A socket whose server died without a chance to take it away. */
async function staleSocket(path: string): Promise<void> {
  const listening = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await run(process.execPath, ['-e', listening]).catch(() => {})
}

/** Not every machine has it. */
const ipv6 = Object.values(networkInterfaces())
  .flat()
  .some(each => each?.address === '::1')
  ? ['[::1]']
  : []

t.test('a port of 0 is any free one, and the address says which', async t => {
  for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', ...ipv6]) {
    const server = serverOf(t)
    const address = await listen(server, `${host}:0`)
    t.equal((await callUrl(address)).text, 'new')
    t.ok(address.startsWith(`http://${host}:`))
  }
})

t.test('a socket may be used by nobody but its owner, and new files are as before', async t => {
  const path = socketPath(t)
  const umask = process.umask(0o022)
  t.teardown(() => process.umask(umask))
  t.equal(await listen(serverOf(t), `unix:${path}`), `unix:${path}`)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(process.umask(), 0o022)
  t.equal(await askSocket(path), 'new')
})

t.test('a socket may be opened to its group', async t => {
  const path = socketPath(t)
  await listen(serverOf(t), `unix:${path}`, { socketMode: 0o660 })
  t.equal(statSync(path).mode & 0o777, 0o660)
})

t.test('a socket that nobody serves any more is taken over', async t => {
  const path = socketPath(t)
  await staleSocket(path)
  chmodSync(path, 0o666)
  await listen(serverOf(t), `unix:${path}`)
  t.equal(await askSocket(path), 'new')
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('a socket that somebody serves is left alone', async t => {
  const path = socketPath(t)
  await listen(serverOf(t, 'old'), `unix:${path}`)
  await t.rejects(listen(serverOf(t), `unix:${path}`), {
    name: 'ListenError',
    message: `unix:${path} is already in use; find the process with lsof ${path}, or choose another address with --listen-address`,
  })
  t.equal(await askSocket(path), 'old')
})

t.test('a file that is no socket is left alone', async t => {
  const path = socketPath(t)
  writeFileSync(path, 'dear diary')
  await t.rejects(listen(serverOf(t), `unix:${path}`), { name: 'ListenError', message: 'is already in use; ' })
  t.equal(readFileSync(path, 'utf8'), 'dear diary')
})

t.test('a socket is taken away at the end', async t => {
  const path = socketPath(t)
  const server = serverOf(t)
  await listen(server, `unix:${path}`)
  await server.close()
  t.notOk(existsSync(path))
})

t.test('an address that cannot be had is told with the cure', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.teardown(() => holder.close())
  await once(holder, 'listening')
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const nowhere = join(socketPath(t), 'none')
  const long = `/tmp/${'é'.repeat(50)}`
  const rows = {
    [`127.0.0.1:${port}`]: `127.0.0.1:${port} is already in use; find the process with lsof -i :${port} (Linux: ss -ltnp`,
    '192.0.2.1:0': 'cannot listen at 192.0.2.1:0: not an address of this machine; choose another address',
    [`unix:${long}`]: `cannot listen at unix:${long}: a socket path has at most 103 bytes; choose another address`,
    [`unix:${nowhere}`]:
      /^cannot listen at unix:\S+: permission denied, or the folder does not exist; choose another address/,
  }
  for (const [text, message] of Object.entries(rows)) await t.rejects(listen(serverOf(t), text), { message })
})

t.test('whatever else goes wrong is told too, and what caused it is kept', async t => {
  const rows: [error: Error, message: string][] = [
    [Object.assign(new Error('denied'), { code: 'EACCES' }), 'permission denied; choose another address'],
    [Object.assign(new Error('odd'), { code: 'EODD' }), 'EODD; choose another address'],
    [new Error('not even a code'), 'not even a code; choose another address'],
  ]
  for (const [error, message] of rows) {
    const server = serverOf(t).addHook('onReady', async () => {
      throw error
    })
    const failure = await listen(server, '127.0.0.1:0').catch((reason: unknown) => reason)
    t.type(failure, ListenError)
    t.match(failure, { message: `cannot listen at 127.0.0.1:0: ${message}`, cause: error })
  }
})

t.test('a certificate that cannot be used is told as it is', async t => {
  const listener = { listen: () => Promise.reject(new TlsError('is bad')) }
  await t.rejects(listen(listener, '127.0.0.1:0'), new TlsError('is bad'))
})

t.test('a named pipe of Windows has neither mode nor leftovers', async t => {
  const asked: unknown[] = []
  const server = { listen: async (where: unknown) => `${asked.push(where)}` }
  const path = '\\\\.\\pipe\\proxy'
  t.equal(await listen(server, `unix:${path}`, { system: 'win32' }), `unix:${path}`)
  t.strictSame(asked, [{ path }])
})
