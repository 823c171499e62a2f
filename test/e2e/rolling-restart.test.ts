import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startBalancer } from '../support/balancer.ts'
import { answerTo, call, readReply } from '../support/http.ts'
import { Random } from '../support/random.ts'
import { type SimulatorProcess, startProxyProcess, startSimulatorProcess } from '../support/stack.ts'

const MEMBERS = 3
const CLIENTS = 24

/** The longest pause of a client between two requests, in milliseconds. */
const PAUSE = 40

t.test('three proxies are restarted in turn, and no request of a busy client fails', { timeout: 120_000 }, async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const balancer = await startBalancer(t)
  const start = async () => {
    const member = await startMember(t, simulator)
    balancer.targets.add(member.port)
    return member
  }
  const members = await Promise.all(Array.from({ length: MEMBERS }, start))

  const failures: string[] = []
  let [served, isOver] = [0, false]
  async function client(number: number): Promise<void> {
    const random = new Random(number)
    // as most clients, it keeps its connection, and sends nothing twice
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!isOver) {
      const status = await ask(balancer.port, agent).catch((error: NodeJS.ErrnoException) => `${error.code}`)
      if (status === 200) served++
      else failures.push(`${status}`)
      await sleep(random.between(0, PAUSE))
    }
    agent.destroy()
  }
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number))

  const codes = []
  for (const { port, cli } of members) {
    const before = served
    while (served < before + 2 * CLIENTS) await sleep(PAUSE)
    cli.process.kill('SIGTERM')
    // new connections go there until somebody has seen that it is not ready any more
    while (await isReady(port)) await sleep(PAUSE)
    balancer.targets.delete(port)
    codes.push(await cli.ended)
    await start()
  }
  isOver = true
  await Promise.all(clients)
  t.strictSame(failures, [])
  t.strictSame(codes, [0, 0, 0])
  t.comment(`${served} requests`)
})

async function startMember(t: Parameters<typeof startProxyProcess>[0], simulator: SimulatorProcess) {
  const { proxy, cli } = await startProxyProcess(t, simulator, {})
  await cli.until(/ready in/)
  return { port: Number(new URL(proxy).port), cli }
}

async function isReady(port: number): Promise<boolean> {
  const { status } = await call(port, '/_proxy/readyz').catch(() => ({ status: 0 }))
  return status === 200
}

async function ask(port: number, agent: Agent): Promise<number> {
  const sent = request({ port, path: '/v2/policy', agent })
  sent.end()
  return (await readReply(await answerTo(sent))).status
}
