import t from 'tap'
import { readRedisUrl } from '../../src/config/network/redis-url.ts'
import { faultsOf, load } from './support.ts'

const single = { kind: 'single', tls: false, master: null, database: 0 }
const sentinel = { ...single, kind: 'sentinel', master: 'main' }
const cluster = { ...single, kind: 'cluster' }

const rows: readonly [text: string, url: object][] = [
  ['redis://redis', { ...single, nodes: [{ host: 'redis', port: 6379 }] }],
  ['redis://redis/', { ...single, nodes: [{ host: 'redis', port: 6379 }] }],
  ['REDIS://Redis.Example:7000', { ...single, nodes: [{ host: 'redis.example', port: 7000 }] }],
  ['redis://redis:7000/3', { ...single, database: 3, nodes: [{ host: 'redis', port: 7000 }] }],
  ['rediss://[::1]:7000', { ...single, tls: true, nodes: [{ host: '::1', port: 7000 }] }],
  ['redis://[FD00::1]', { ...single, nodes: [{ host: 'fd00::1', port: 6379 }] }],
  [
    'redis-sentinel://a,b:1,[::1]:2/main',
    {
      ...sentinel,
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
        { host: '::1', port: 2 },
      ],
    },
  ],
  ['rediss-sentinel://a/main/2', { ...sentinel, tls: true, database: 2, nodes: [{ host: 'a', port: 26_379 }] }],
  [
    'redis-cluster://a, b:7001',
    {
      ...cluster,
      nodes: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 7001 },
      ],
    },
  ],
  ['rediss-cluster://a/0', { ...cluster, tls: true, nodes: [{ host: 'a', port: 6379 }] }],
]

t.test('a Redis is one server, a primary behind sentinels, or a cluster, with or without TLS', async t => {
  for (const [text, url] of rows) t.strictSame(readRedisUrl(text), url, text)
})

t.test('an invalid address is reported with its cure, and never with a password', async t => {
  const form = /^invalid Redis URL/
  const bad: [text: string, problem: string | RegExp, cure: RegExp][] = [
    ['redis', form, /^expected redis:\/\/host:port or /],
    ['http://redis', form, /^expected redis:\/\/host:port or /],
    ['redis-other://redis', form, /^expected redis:\/\/host:port or /],
    ['redis://', form, /^expected redis:\/\/host:port or /],
    ['redis://redis?x=MARK', form, /^expected redis:/],
    ['redis://redis:0', form, /^expected redis:/],
    ['redis://redis:65536', form, /^expected redis:/],
    ['redis://redis:MARK', form, /^expected redis:/],
    ['redis://999.1.1.1', form, /^expected redis:/],
    ['redis://[::zz]', form, /^expected redis:/],
    ['redis://redis/x', form, /^expected redis:/],
    ['redis://redis/1/2', form, /^expected redis:/],
    ['redis://a,b', '"redis://a,b" has several hosts', /redis-sentinel:.*, or redis-cluster:/],
    ['redis-sentinel://a,b', '"redis-sentinel://a,b" names no master', /^expected redis-sentinel:/],
    ['redis-sentinel://a,/main', form, /^expected redis-sentinel:/],
    ['redis-cluster://a/2', '"redis-cluster://a/2" names a database, but a cluster has only one', /redis-cluster:/],
    ['redis-cluster://a/main', form, /^expected redis-cluster:/],
    [
      'redis://:MARK@redis',
      'the URL contains a user or password',
      /^use fleet\.redisUsername and fleet\.redisPassword$/,
    ],
    ['redis://user:MARK/@redis', 'the URL contains a user or password', /^use fleet/],
    ['redis://redis:MARK,redis', form, /^expected redis:/],
  ]
  for (const [text, problem, cure] of bad) {
    const faults = await faultsOf({ args: ['--fleet-redis-url', text] })
    t.match(faults, [{ key: 'fleet.redisUrl', origin: '--fleet-redis-url', problem, cure }], text)
    t.equal(faults.length, 1, text)
    t.notMatch(JSON.stringify(faults), /MARK/)
  }
})

t.test('nothing is shared unless there is an address', async t => {
  const { fleet } = await load()
  t.match(fleet, { redisUrl: null, name: 'default', redis: null })
})
