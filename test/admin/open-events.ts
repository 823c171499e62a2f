import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'

/** Opens the stream of events of a proxy, and gives what has come of it so far. It ends with the test. */
export async function openEvents(t: Test, port: number, headers: Record<string, string> = {}) {
  const request = get({ host: 'localhost', port, path: '/_proxy/events', headers })
  request.on('error', () => {})
  t.teardown(() => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  return { response, text: () => text, leave: () => request.destroy() }
}
