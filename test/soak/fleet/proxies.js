import { Agent, request } from 'undici'
import { DEMO_USER } from '../../../src/simulator/index.ts'
import { freePort } from '../../bench/port.js'
import { Child, PROGRAM } from '../../support/child.js'
import { call } from '../control.js'

/** The environment with which a member finds the simulator, its access key and the fleet. */
export function environment(simulator, redis) {
  return {
    PC_URL: simulator.url,
    PC_IDENTITY: DEMO_USER.accessKeyId,
    PC_SECRET: DEMO_USER.secretKey,
    PRISMACLOUD_PROXY_FLEET_REDIS_URL: redis.url,
  }
}

/** Starts so many members, each a process of its own, and waits until all have a session. */
export async function startMembers(count, env) {
  const members = await Promise.all(Array.from({ length: count }, (_, at) => startMember(`member ${at + 1}`, env)))
  for (const { url, child } of members) await child.serves(`${url}/_proxy/readyz`)
  return members
}

async function startMember(name, env) {
  const port = await freePort()
  const child = new Child(name, process.execPath, [...PROGRAM, 'start', '--listen-address', `127.0.0.1:${port}`], env)
  return { child, url: `http://127.0.0.1:${port}` }
}

/** What a member says of itself. */
export async function statusOf({ url }) {
  return (await call('GET', `${url}/_proxy/status`)).body
}

/**
 * Has clients of a member ask again and again until `isOver`; returns how often each status was the answer, of those that
 * came while `counts`.
 */
export async function ask({ url }, { clients, path, pause, isOver, counts = () => true }) {
  const dispatcher = new Agent({ connections: clients })
  const statuses = new Map()
  const client = async () => {
    while (!isOver()) {
      const status = await statusOfAnswer(`${url}${path}`, dispatcher)
      if (counts()) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      await pause()
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  await dispatcher.close()
  return statuses
}

async function statusOfAnswer(url, dispatcher) {
  try {
    const { statusCode, body } = await request(url, { dispatcher })
    await body.dump()
    return statusCode
  } catch (error) {
    return error.code ?? error.message
  }
}

/** Adds up how often each status was the answer. */
export function sumOf(all) {
  const sum = new Map()
  for (const statuses of all) for (const [status, n] of statuses) sum.set(status, (sum.get(status) ?? 0) + n)
  return sum
}

/** The answers that were not good, for people. */
export function failures(statuses) {
  return [...statuses].filter(([status]) => status !== 200).map(([status, n]) => `${n} × ${status}`)
}
