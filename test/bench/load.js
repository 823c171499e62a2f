import { fileURLToPath } from 'node:url'
import { Child } from './child.js'

const REPORT = fileURLToPath(new URL('load.lua', import.meta.url))

/** What clients of the API send. */
const HEADERS = ['accept: application/json', 'accept-encoding: gzip, deflate', 'user-agent: bench/1']

/**
 * Keeps a proxy busy with `connections` requests at a time for so many seconds, and gives what an answer cost (in
 * microseconds of the processor), how many there were a second, and the quantiles of their times in milliseconds.
 * Rejects when anything but good answers came.
 */
export async function measure(proxy, url, connections, seconds) {
  const before = proxy.cpu
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', REPORT, ...HEADERS.flatMap(header => ['-H', header])]
  const output = await new Child('wrk', 'wrk', [...args, url]).output()
  const { answers, refused, broken, duration, p50, p99 } = JSON.parse(output.slice(output.indexOf('{')))
  if (answers === 0 || refused > 0 || broken > 0) throw new Error(`${url} did not answer well: ${output}`)
  return {
    cost: (proxy.cpu - before) / answers,
    rate: answers / (duration / 1e6),
    p50: p50 / 1000,
    p99: p99 / 1000,
    memory: proxy.memory,
  }
}
