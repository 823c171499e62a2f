import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** How long who was told 503 waits before the next try, in milliseconds. */
const PAUSE = 100

/**
 * Has so many clients ask again and again for so many milliseconds, and gives how long the answers took in milliseconds:
 * the good ones, those that told 503 with a time to wait, and how many others there were.
 */
export async function ask(url, clients, milliseconds) {
  const dispatcher = new Agent({ connections: clients })
  const result = { served: [], refused: [], others: 0 }
  const end = performance.now() + milliseconds
  const client = async () => {
    while (performance.now() < end) {
      const from = performance.now()
      const answer = await request(url, { dispatcher }).catch(() => undefined)
      await answer?.body.dump()
      const took = performance.now() - from
      if (answer?.statusCode === 200) result.served.push(took)
      else if (answer?.statusCode === 503 && answer.headers['retry-after'] === '1') result.refused.push(took)
      else result.others++
      if (answer?.statusCode !== 200) await sleep(PAUSE)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  await dispatcher.close()
  return result
}
