import type { Config, RedisConfig } from '../../config/config.ts'
import { PREFIX } from '../../fleet/prefix.ts'
import { aclLine, TRIED_KEYS, TRY_EVERYTHING } from '../../fleet/redis/acl.ts'
import { evaluate } from '../../fleet/redis/evaluate.ts'
import { explainStoreError } from '../../fleet/redis/explain.ts'
import type { Link } from '../../fleet/redis/link.ts'
import { linkOpener } from '../../fleet/redis/open.ts'
import { DENIED } from '../../fleet/redis/store-error.ts'
import { bracketedHost } from '../../http/host.ts'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { bad, type Finding, good, needing, type Step } from './finding.ts'
import { judgeMemory, judgeServer, unknownMemory } from './store-facts.ts'

/** How long each step may take, in milliseconds. */
const TIMEOUT = 5000

/** Replies to a login, and what is said without one. */
const LOGIN = /\b(?:WRONGPASS|NOAUTH)\b|password/

/** Tries step by step what a fleet needs of its Redis, and yields each finding as soon as it is known. */
export async function* diagnoseStore({ name, redis }: Config['fleet'], clock: Clock): AsyncGenerator<Finding> {
  if (redis === null) return
  yield { label: 'fleet', mark: 'good', text: name }
  const ended = new AbortController()
  try {
    yield* tryAll(redis, ended.signal, clock)
  } finally {
    ended.abort()
  }
}

async function* tryAll(redis: RedisConfig, signal: AbortSignal, clock: Clock): AsyncGenerator<Finding> {
  const within = <T>(work: () => Promise<T>) => withDeadline(clock, TIMEOUT, signal, work)
  const opened = await within(() => openLink(redis, signal)).then(
    link => ({ link }),
    (error: Error) => ({ error }),
  )
  const connection = connectionOf(redis, opened)
  yield connection.finding
  const login = await needing('Redis login', connection, () => loginOf(redis, opened))
  yield login.finding
  const trying = (label: string, run: (link: Link) => Promise<Step<true>>) =>
    needing(label, login, link => within(() => run(link)).catch(error => refused(label, redis, error)))
  yield (await trying('Redis version', async link => judgeServer(await link.send(undefined, ['HELLO'])))).finding
  yield (await trying('Redis scripts', link => tryScripts(link, redis))).finding
  yield (await trying('Redis messages', tryMessages)).finding
  yield (await trying('Redis memory', tryMemory)).finding
}

/** Opens a link, and rejects with the first error of any of its connections. */
function openLink(redis: RedisConfig, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => linkOpener(redis)(signal, reject).then(resolve, reject))
}

type Opened = { readonly link: Link } | { readonly error: Error }

const isAboutLogin = (opened: Opened) => 'error' in opened && LOGIN.test(opened.error.message)

function connectionOf({ url }: RedisConfig, opened: Opened): Step<true> {
  if ('error' in opened && !isAboutLogin(opened)) return bad('Redis', explainStoreError(opened.error))
  const nodes = url.nodes.map(({ host, port }) => `${bracketedHost(host)}:${port}`)
  const kinds = { single: '', sentinel: ` (sentinel, master ${url.master})`, cluster: ' (cluster)' }
  return good('Redis', `${nodes.join(', ')}${kinds[url.kind]}, ${url.tls ? 'verified by TLS' : 'without TLS'}`, true)
}

function loginOf({ username }: RedisConfig, opened: Opened): Step<Link> {
  if ('error' in opened) return bad('Redis login', explainStoreError(opened.error))
  return good('Redis login', `as user ${username ?? 'default'}`, opened.link)
}

async function tryScripts(link: Link, redis: RedisConfig): Promise<Step<true>> {
  const denied = await evaluate(link, TRY_EVERYTHING, TRIED_KEYS, [])
  if (!Array.isArray(denied) || denied.length === 0) return good('Redis scripts', 'can run', true)
  return bad('Redis scripts', `the user may not run ${denied.join(', ')}; ${cureOf(redis)}`)
}

async function tryMessages(link: Link): Promise<Step<true>> {
  await link.subscribe(`${PREFIX}probe`, () => undefined)
  await link.ping()
  return good('Redis messages', 'can be heard', true)
}

async function tryMemory(link: Link): Promise<Step<true>> {
  const info = await link.send(undefined, ['INFO', 'memory']).catch((error: Error) => error)
  return info instanceof Error ? unknownMemory('the user may not run INFO') : judgeMemory(`${info}`)
}

function refused(label: string, redis: RedisConfig, error: Error): Step<never> {
  if (!DENIED.test(error.message)) return bad(label, explainStoreError(error))
  return bad(label, `the user lacks a permission; ${cureOf(redis)}`)
}

function cureOf(redis: RedisConfig): string {
  const then = redis.username === null ? ', and set fleet.redisUsername' : ''
  return `run ${aclLine(redis)}${then}`
}
