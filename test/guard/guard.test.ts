import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { guard } from '../../src/guard/guard.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Problem } from '../../src/problem/problem.ts'

const base64 = (value: string) => Buffer.from(value).toString('base64')

/** A guarded server; the function returns `admitted` or the name of the problem for a request with these headers. */
async function guarded(t: Test, token: Secret | null) {
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    try {
      const clients = token ? [{ name: 'ci', token }] : []
      const none = { trustedHosts: [], isServedHost: () => false, needsNone: false, loggedIn: () => undefined }
      const client = guard(request, { ...none, clients })
      response.end(client ?? 'admitted')
    } catch (error) {
      response.end(error instanceof Problem ? error.type : 'crashed')
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (...lines: string[]) => ask(server.address() as AddressInfo, lines)
}

async function ask({ port }: AddressInfo, lines: readonly string[]): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1')
  socket.write(['GET / HTTP/1.1', 'Connection: close', ...lines, '', ''].join('\r\n'))
  return (await text(socket)).split('\r\n').at(-1)
}

const byHeaders: [title: string, lines: string[], answer: string][] = [
  ['one Host', ['Host: localhost'], 'admitted'],
  ['the address that it was sent to', ['host: 127.0.0.1:1234'], 'admitted'],
  ['no Host', [], 'host-not-allowed'],
  ['two Hosts', ['Host: localhost', 'HOST: localhost'], 'host-not-allowed'],
  ['a strange Host', ['Host: evil.example'], 'host-not-allowed'],
  ['another Origin', ['Host: localhost', 'Origin: https://evil.example'], 'origin-not-allowed'],
  ['two Origins', ['Host: localhost', 'Origin: http://localhost', 'Origin: http://localhost'], 'origin-not-allowed'],
  ['another site', ['Host: localhost', 'Sec-Fetch-Site: cross-site'], 'origin-not-allowed'],
]

const byToken: [title: string, line: string, answer: string][] = [
  ['as Bearer', 'Authorization: Bearer MARK:token', 'ci'],
  ['as bearer in any case', 'authorization: bEARER  MARK:token', 'ci'],
  ['as the password of Basic, without a user', `Authorization: Basic ${base64(':MARK:token')}`, 'ci'],
  ['as the password of Basic, with any user', `Authorization: Basic ${base64('me:MARK:token')}`, 'ci'],
  ['in x-prismacloud-proxy-token', 'X-PrismaCloud-Proxy-Token: MARK:token', 'ci'],
  ['not at all', 'Accept: */*', 'client-unauthorized'],
  ['wrong, as Bearer', 'Authorization: Bearer wrong', 'client-unauthorized'],
  ['wrong, as the password of Basic', `Authorization: Basic ${base64('me:wrong')}`, 'client-unauthorized'],
  ['as the user of Basic', `Authorization: Basic ${base64('MARK:token:')}`, 'client-unauthorized'],
  ['wrong, in x-prismacloud-proxy-token', 'x-prismacloud-proxy-token: wrong', 'client-unauthorized'],
  ['without a scheme', 'Authorization: MARK:token', 'client-unauthorized'],
  ['under another scheme', 'Authorization: Digest MARK:token', 'client-unauthorized'],
  ['with more behind it', 'Authorization: Bearer MARK:token x', 'client-unauthorized'],
]

t.test('a request is judged by its raw headers', async t => {
  const ask = await guarded(t, null)
  for (const [title, lines, answer] of byHeaders) t.equal(await ask(...lines), answer, title)
})

t.test('where the token may be sent', async t => {
  const ask = await guarded(t, new Secret('MARK:token'))
  for (const [title, line, answer] of byToken) t.equal(await ask('Host: localhost', line), answer, title)
})

t.test('the token in its own header takes precedence over Authorization', async t => {
  const ask = await guarded(t, new Secret('MARK'))
  const [host, good] = ['Host: localhost', 'Authorization: Bearer MARK']
  t.equal(await ask(host, good, 'x-prismacloud-proxy-token: wrong'), 'client-unauthorized')
  t.equal(await ask(host, 'Authorization: Bearer other', 'x-prismacloud-proxy-token: MARK'), 'ci')
})
