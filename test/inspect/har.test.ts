import t from 'tap'
import { harOf } from '../../src/inspect/har.ts'
import { makeRecord } from './rig.ts'

const har = (...said: Parameters<typeof makeRecord>) => harOf([makeRecord(...said)], 'http://localhost:9080', '1.2.3')

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
