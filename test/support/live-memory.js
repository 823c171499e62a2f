// Preloaded into the product by what looks for leaks: collects garbage when the parent asks, and tells how many bytes are
// left. Resident memory would tell when V8 was pleased to collect.
import { setImmediate as turn } from 'node:timers/promises'

process.on('message', async () => {
  globalThis.gc()
  // what is let go by callbacks of the first collection
  await turn()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send(heapUsed + external)
})
// the listener would keep the process alive
process.channel.unref()
