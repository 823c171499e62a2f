import t from 'tap'
import { type ServerSentEvent, serverSentEvents } from '../../src/http/server-sent-events.ts'

async function* inPieces(text: string, length: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function read(text: string, length = 1_000): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = []
  for await (const event of serverSentEvents(inPieces(text, length))) events.push(event)
  return events
}

const STREAM = ':\n\nid: run/1\nevent: request\ndata: {"a":": ä"}\n\n:\n\nevent: limits\ndata: 2\n\ndata:3\n\n'
const EVENTS = [
  { id: 'run/1', type: 'request', data: '{"a":": ä"}' },
  { id: '', type: 'limits', data: '2' },
  { id: '', type: 'message', data: '3' },
]

t.test('events are read, comments are not', async t => t.strictSame(await read(STREAM), EVENTS))

t.test('wherever the stream is cut into pieces', async t => {
  for (let length = 1; length < 20; length++) t.strictSame(await read(STREAM, length), EVENTS)
})

t.test('an event that is not complete is none', async t => t.strictSame(await read('data: 1\n'), []))

t.test('an event without data is none', async t => t.strictSame(await read('event: limits\n\n'), []))
