import { spawn } from 'node:child_process'
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const GET = 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n'
const POST = 'POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc'

/** Says something with nc, and gives what came back until it ended. */
async function nc(port: number, options: readonly string[], ...said: string[]): Promise<string> {
  const child = spawn('nc.openbsd', [...options, '127.0.0.1', `${port}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  for (const each of said) child.stdin.write(each)
  child.stdin.end()
  await new Promise(resolve => child.once('close', resolve))
  return text
}

t.test('nc, which closes its side after its request, gets the answers', async t => {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    // long enough that the end of what nc says is known
    await new Promise(resolve => setTimeout(resolve, 200))
    request.answer(http('200 OK', [], `answer to ${request.target}`))
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  for (const options of [['-N'], ['-q', '1']]) {
    t.match(await nc(port, options, GET), /^HTTP\/1\.1 200 OK\r\n.*answer to \/x$/s)
    t.match(await nc(port, options, POST), /^HTTP\/1\.1 200 OK\r\n.*answer to \/x$/s)
    const both = await nc(port, options, GET.replace('/x', '/1'), GET.replace('/x', '/2'))
    t.match(both, /^HTTP\/1\.1 200 OK\r\n.*answer to \/1HTTP\/1\.1 200 OK\r\n.*answer to \/2$/s)
  }
  t.equal(upstream.requests.length, 8)
})

t.test('it gets an answer whose head comes long before its body, and a large one', async t => {
  const LARGE = 8 * 1024 * 1024
  const upstream = await rawUpstream(t, async ({ socket, target }) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: ')
    socket.write(target === '/large' ? `${LARGE}\r\n\r\n` : '4\r\n\r\n')
    await new Promise(resolve => setTimeout(resolve, 500))
    socket.write(target === '/large' ? Buffer.alloc(LARGE, 'x') : 'late')
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  t.match(await nc(port, ['-N'], GET), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nlate$/s)
  const large = await nc(port, ['-N'], GET.replace('/x', '/large'))
  t.equal(large.length - large.indexOf('\r\n\r\n') - 4, LARGE)
})

t.test('it is told that its request is not whole, which ends at the upstream', async t => {
  const upstream = await rawUpstream(t, request => request.closed)
  const { port } = await startProxy(t, { upstream: upstream.url })
  const text = await nc(port, ['-N'], POST.replace('content-length: 3', 'content-length: 30'))
  t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n.*it ended before it was complete/s)
  await until(() => upstream.requests.every(({ socket }) => socket.destroyed))
})
