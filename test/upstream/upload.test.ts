import type { ClientHttp2Stream } from 'node:http2'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { Upload } from '../../src/upstream/http2/upload.ts'

t.test('nothing is written to a stream that is closed, which would be an error', async t => {
  const stream = new PassThrough().on('error', error => t.fail(error))
  const body = new Readable({ read() {} })
  const upload = new Upload(stream as unknown as ClientHttp2Stream, {
    body,
    length: undefined,
    progressed: () => t.fail('nothing is sent'),
    failed: error => t.fail(error),
  })
  stream.end()
  const ended = new Promise(resolve => body.once('end', resolve))
  body.push('late')
  body.push(null)
  await ended
  t.ok(upload.isOver)
})
