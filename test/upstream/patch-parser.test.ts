import { Socket } from 'node:net'
import t from 'tap'
import { mendParser } from '../../src/upstream/undici/patch-parser.ts'
import { answerFault } from '../../src/upstream/undici/response-fault.ts'

t.test('a connection that ended before undici took it over is left alone', async t => {
  const socket = new Socket()
  mendParser(socket)
  t.strictSame(
    Object.getOwnPropertySymbols(socket).filter(({ description }) => description === 'parser'),
    [],
  )
})

t.test('what llhttp says that is not known here is told without its words', async t => {
  t.equal(answerFault('Strange', Buffer.from('a')), 'check the port, and whether https was meant')
})
