/** Milliseconds. */
const SECOND = 1_000

/**
 * Keeps a proxy busy for so many milliseconds, and gives what an answer cost (in microseconds of the processor), how many
 * there were a second, the quantiles of their times in milliseconds, and the memory in MB.
 */
export async function measure(proxy, load, milliseconds) {
  const [usedBefore, from] = [proxy.cpu, performance.now()]
  const times = await load.window(milliseconds)
  const sorted = times.toSorted((a, b) => a - b)
  const quantile = part => sorted[Math.floor((sorted.length - 1) * part)]
  return {
    cost: (proxy.cpu - usedBefore) / times.length,
    rate: times.length / ((performance.now() - from) / SECOND),
    p50: quantile(0.5),
    p99: quantile(0.99),
    memory: proxy.memory,
  }
}
