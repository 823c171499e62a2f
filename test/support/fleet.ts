import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { type RunningCli, startCli } from './process.ts'
import { until } from './until.ts'

/** A path with a limit that the members share, and one without. */
export const [PACED, FREE] = ['/v2/alert', '/v2/policy']

/** Who logs in. The access key of the demo has so many zeros that it seems to be in any rounded number. */
export const USER = { ...DEMO_USER, accessKeyId: randomUUID() }

/** How long tokens live, in seconds: the session rotates while something is wrong with Redis. */
const LIFETIME = 12

/** The requests that each member has at one time, for each of the paths. */
const CLIENTS = 2

/** How long a client rests between two requests, in milliseconds: three members, Redis and clients share a machine. */
const REST = 20

/** A proxy of the fleet, a process of its own. */
export interface FleetMember {
  readonly url: string
  readonly cli: RunningCli
  /** What `/_proxy/status` says of the fleet. */
  fleet(): Promise<{ readonly state: string; readonly reason: string | null; readonly members: readonly object[] }>
  /** The sum of a metric over all labels that contain `labels`. */
  metric(name: string, labels?: string): Promise<number>
  /** Sends a request, and gives the status of the response. */
  ask(path: string): Promise<number>
  /** What it has logged of the fleet, in order: `sharing`, or `alone` and the reason. */
  said(): readonly string[]
}

/** Proxies that share through a Redis, before a simulator. All end with the test. */
export interface TestFleet {
  readonly simulator: Simulator
  readonly members: readonly FleetMember[]
  /** Has clients ask all members again and again. Returns a function that ends this and gives what was not answered well. */
  load(): () => Promise<readonly string[]>
  /** Waits until all members are in this state. */
  are(state: 'up' | 'down'): Promise<void>
  /** Waits until all members send the same token. */
  share(): Promise<void>
}

/** Starts so many members with these variables, and waits until all are ready. */
export async function startFleet(
  t: Test,
  redisUrl: string,
  { count = 3, env = {} }: { readonly count?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestFleet> {
  const rateLimits = { [`GET ${PACED}`]: { rate: 50, burst: 50 } }
  const simulator = await startSimulator({ clock: systemClock, tokenLifetime: LIFETIME, rateLimits, users: [USER] })
  t.teardown(() => simulator.close())
  const dispatcher = new Agent({ connections: 100 })
  t.teardown(() => dispatcher.destroy())
  const variables = {
    PC_URL: simulator.url,
    PC_IDENTITY: USER.accessKeyId,
    PC_SECRET: USER.secretKey,
    PRISMACLOUD_PROXY_FLEET_REDIS_URL: redisUrl,
    ...env,
  }
  const members = await Promise.all(Array.from({ length: count }, () => startMember(t, variables, dispatcher)))
  // each knows of all, unless Redis is not there
  for (const { fleet } of members)
    await until(async () => {
      const { state, members } = await fleet()
      return state === 'down' || members.length === count
    })
  return {
    simulator,
    members,
    load: () => startLoad(members),
    async are(state) {
      for (const member of members) await until(async () => (await member.fleet()).state === state)
    },
    share: () =>
      until(async () => {
        const marks = members.map((_, at) => `/cloud?member=${at}`)
        await Promise.all(members.map((member, at) => member.ask(`${marks[at]}`)))
        const tokens = marks.map(mark => tokenOf(simulator.requests.findLast(({ url }) => url === mark)?.headers ?? []))
        return new Set(tokens).size === 1
      }),
  }
}

async function startMember(t: Test, env: Readonly<Record<string, string>>, dispatcher: Agent): Promise<FleetMember> {
  const cli = startCli(t, ['start', '--listen-address', '127.0.0.1:0'], env)
  const [, url = ''] = await cli.until(/listening at (http:\S+?)"/)
  await cli.until(/ready in/)
  const get = async (path: string) => {
    const { statusCode, body } = await request(`${url}${path}`, { dispatcher })
    return { status: statusCode, text: await body.text() }
  }
  return {
    url,
    cli,
    fleet: async () => JSON.parse((await get('/_proxy/status')).text).fleet,
    async metric(name, labels = '') {
      const lines = (await get('/_proxy/metrics')).text.split('\n')
      const samples = lines.filter(line => line.startsWith(name) && line.includes(labels))
      return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    ask: async path => (await get(path)).status,
    said: () =>
      [
        ...cli
          .output()
          .matchAll(/"fleet default: (?:going on (alone).* until Redis is back: (.*)|(sharing) sessions.*)"/g),
      ].map(([, alone, reason, sharing]) => sharing ?? `${alone}: ${reason}`),
  }
}

function startLoad(members: readonly FleetMember[]): () => Promise<readonly string[]> {
  const failures: string[] = []
  let isOver = false
  const client = async (member: FleetMember, path: string) => {
    while (!isOver) {
      const status = await member.ask(path).catch((error: Error) => error.message)
      if (status !== 200) failures.push(`${path}: ${status}`)
      await new Promise(resolve => setTimeout(resolve, REST))
    }
  }
  const asking = members.flatMap(member =>
    [PACED, FREE, '/_proxy/readyz'].flatMap(path => Array.from({ length: CLIENTS }, () => client(member, path))),
  )
  return async () => {
    isOver = true
    await Promise.all(asking)
    return failures
  }
}

function tokenOf(headers: readonly (readonly [string, string])[]): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === 'x-redlock-auth')?.[1]
}
