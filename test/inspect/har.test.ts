import t from 'tap'
import type { Pair } from '../../src/http/raw-headers.ts'
import { harOf } from '../../src/inspect/har.ts'
import { makeDetails } from './rig.ts'

const har = (...said: Parameters<typeof makeDetails>) => harOf([makeDetails(...said)], 'http://localhost:9080', '1.2.3')

t.test('a request is an entry with its times', async t => {
  t.match(har(), {
    log: {
      version: '1.2',
      creator: { name: 'prismacloud-proxy', version: '1.2.3' },
      entries: [
        {
          startedDateTime: '2030-01-01T00:00:00.000Z',
          time: 40,
          request: {
            method: 'GET',
            url: 'http://localhost:9080/v2/policy?a=1&b=%20',
            queryString: [
              { name: 'a', value: '1' },
              { name: 'b', value: ' ' },
            ],
            headers: [{ name: 'Accept', value: '*/*' }],
          },
          response: {
            status: 200,
            content: { size: 5, mimeType: 'application/json' },
            redirectURL: '',
            headers: [{ name: 'Content-Type', value: 'application/json' }],
          },
          timings: { blocked: 3, send: 0, wait: 30, receive: 7 },
          _requestId: 'id-1',
        },
      ],
    },
  })
})

t.test('a request that failed says why, and one that runs has no times that are not known', async t => {
  const problem = { type: 'upstream-timeout', title: 'Gateway Timeout', detail: 'It took too long' }
  t.match(har({ problem, status: 504 }).log.entries, [
    { comment: 'It took too long', response: { status: 504, statusText: 'Gateway Timeout' } },
  ])
  const times = { session: 1, queue: 2, upstream: 0, firstByte: null, total: null }
  t.match(har({ status: null, times, responseHeaders: [] }).log.entries, [
    { time: 3, timings: { receive: 0 }, response: { status: 0, content: { mimeType: '' } } },
  ])
})

t.test('a target that is no path has no query', async t => {
  t.match(har({ method: 'OPTIONS', target: '*' }).log.entries, [{ request: { queryString: [] } }])
})

t.test('bodies are there as text, with what else there is to say', async t => {
  const requestBody = { text: 'a=b', size: 3, isCutOff: false, note: null }
  const responseBody = { text: '{"a"', size: 90, isCutOff: true, note: 'decoded from gzip' }
  const requestHeaders: Pair[] = [['content-type', 'text/x-form']]
  const both = har({ requestBytes: 3, requestHeaders, requestBody, responseBody })
  t.match(both.log.entries, [
    {
      request: { bodySize: 3, postData: { mimeType: 'text/x-form', text: 'a=b' } },
      response: { content: { size: 5, text: '{"a"', comment: 'cut off; decoded from gzip' } },
    },
  ])
  t.notOk('comment' in Object(both.log.entries[0]?.request.postData))
  const binary = har({ responseBody: { text: null, size: 2, isCutOff: false, note: 'binary: image/png' } })
  t.match(binary.log.entries, [{ response: { content: { comment: 'binary: image/png' } } }])
  t.notOk('text' in Object(binary.log.entries[0]?.response.content))
  t.notOk('postData' in Object(binary.log.entries[0]?.request))
})
