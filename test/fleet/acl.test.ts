import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readRedisUrl } from '../../src/config/network/redis-url.ts'
import { aclLine } from '../../src/fleet/redis/acl.ts'

const lineFor = (url: string, username: string | null = 'proxy') => aclLine({ url: readRedisUrl(url), username })

t.test('the line for the user grants what is needed, and no more', async t => {
  t.equal(
    lineFor('redis://redis'),
    'ACL SETUSER proxy on >PASSWORD resetkeys ~prismacloud-proxy:* resetchannels &prismacloud-proxy:* -@all +eval +evalsha +subscribe +ping +time +get +set +hget +hset +hdel +pexpire +publish',
  )
  t.equal(lineFor('redis://redis/2'), `${lineFor('redis://redis')} +select`)
  t.equal(lineFor('redis-cluster://redis'), `${lineFor('redis://redis')} +cluster|slots +asking`)
  t.match(lineFor('redis://redis', null), /^ACL SETUSER prismacloud-proxy on/, 'the default user loses nothing')
})

t.test('the documentation shows the line', async t => {
  const text = await readFile(new URL('../../config/README.md', import.meta.url), 'utf8')
  t.ok(text.replace(/\s+/g, ' ').includes(lineFor('redis://redis', null)))
})

t.test('what the scripts call is permitted, and nothing else', async t => {
  const folder = join(import.meta.dirname, '../../src')
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
  const texts = sources.map(path => readFileSync(join(folder, path), 'utf8'))
  const called = texts.flatMap(text => [...text.matchAll(/redis\.call\('(\w+)'/g)].map(([, name]) => `${name}`))
  const permitted = lineFor('redis://redis').match(/(?<=\+)\w+/g) ?? []
  const byClients = ['eval', 'evalsha', 'subscribe', 'ping']
  t.same([...new Set([...called.map(name => name.toLowerCase()), ...byClients])].sort(), [...permitted].sort())
})
