import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { until } from './until.ts'

/** Listens, says where, and accepts nothing until it is told to: its thread stands still. */
const LISTEN = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
const server = createServer().listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(workerData.gate, 0, 0)
})`

/** More connections than wait to be accepted anywhere; those beyond are not answered. */
const MANY = 8

/** An address at which connections are neither accepted nor refused. */
export interface Blackhole {
  readonly port: number
  /** Has those that wait be accepted after all, each as soon as its system tries again. */
  release(): void
}

/** Has an address be as one behind a firewall that drops packets. It ends with the test. */
export async function blackhole(t: Test, host: string, port = 0): Promise<Blackhole> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(LISTEN, { eval: true, execArgv: [], workerData: { host, port, gate } })
  const [taken]: number[] = await once(worker, 'message')
  const at = { host, port: Number(taken) }
  const waiting = Array.from({ length: MANY }, () => connect(at).on('error', () => {}))
  const release = () => {
    for (const socket of waiting) socket.destroy()
    Atomics.notify(gate, 0)
  }
  t.teardown(async () => {
    release()
    await worker.terminate()
  })
  await until(() => waiting.some(({ connecting }) => !connecting))
  return { port: at.port, release }
}
