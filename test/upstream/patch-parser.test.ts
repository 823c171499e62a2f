import { Socket } from 'node:net'
import t from 'tap'
import { patchParser } from '../../src/upstream/undici/patch-parser.ts'
import { responseFault } from '../../src/upstream/undici/response-fault.ts'

t.test('a connection that ended before undici took it over is not patched', async t => {
  const socket = new Socket()
  patchParser(socket)
  t.strictSame(
    Object.getOwnPropertySymbols(socket).filter(({ description }) => description === 'parser'),
    [],
  )
})

t.test('an unknown reason of llhttp is not quoted', async t => {
  t.equal(responseFault('Strange', Buffer.from('a')), 'check the port and the scheme (http or https)')
})
