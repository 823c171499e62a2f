import t from 'tap'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED } from './rig.ts'
import { keyOf, type SessionsRig, sessionsRig, tenantOf, tenantsOf, tokenOf } from './sessions-rig.ts'

const WATCH = 5_000
const PROBE = 600_000

/** A tenant with a live token and its access key in a file that the test writes. */
async function withFile(t: Parameters<typeof sessionsRig>[0], idleAfter?: number) {
  const file = {
    key: 'MARK-old' as string | Error,
    opened: Promise.resolve(),
    /** Makes readers wait until the returned function is called. */
    hold() {
      let open = () => {}
      file.opened = new Promise(resolve => (open = resolve))
      return () => open()
    },
  }
  const read = async () => {
    await file.opened
    if (file.key instanceof Error) throw file.key
    return keyOf(file.key)
  }
  const tenant = tenantOf('a', { kind: 'file', read })
  const at = sessionsRig(t, [tenant], idleAfter)
  const lease = at.sessions.acquire('a')
  await at.newest('a').grant()
  await lease
  return { ...at, file, tenant }
}

const candidateOf = ({ sessions }: SessionsRig) => [...sessions.all()][0]?.candidate

t.test('a new key in the file is tried while the session stays in use, then takes over', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 2)
  t.match(at.newest('a').calls, [{ call: 'login', secret: 'MARK-new' }])
  t.equal(await tokenOf(at, 'a'), 'MARK-1', 'the old token is used meanwhile')
  await at.newest('a').grant(LIFETIME / 2)
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(candidateOf(at), undefined)
  t.equal(at.told.at(-1), 'a rotated')
  await at.clock.advance(WATCH * 2)
  t.equal(at.made.length, 2, 'and the file is still watched')
  at.file.key = 'MARK-newer'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 3)
})

t.test('the secrets of a tenant are those of the session in use and of the candidate', async t => {
  const at = await withFile(t)
  const secrets = () => at.sessions.secrets('a').map(secret => secret.reveal())
  t.strictSame(secrets(), ['MARK-1', 'MARK-old'])
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.strictSame(secrets(), ['MARK-1', 'MARK-old', 'MARK-new'])
  await at.newest('a').grant()
  t.strictSame(secrets(), ['MARK-1', 'MARK-new'])
  await at.clock.advance(LIFETIME)
  t.strictSame(secrets(), ['MARK-new'], 'an expired token is not a secret')
  at.sessions.close()
  t.strictSame([at.sessions.secrets('a'), at.sessions.secrets('b')], [[], []])
})

t.test('a rejected new key leaves the old session in use, is reported, and is not hammered', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-bad'
  await at.clock.advance(WATCH)
  await at.newest('a').refuse('rejected', { message: 'the key is unknown' })
  t.equal(at.told.at(-1), 'a rotation failed for good: the key is unknown')
  t.equal(candidateOf(at)?.state, 'rejected')
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  await at.clock.advance(EXTENSION - WATCH)
  t.match(at.made[0]?.calls, [{ call: 'login' }, { call: 'extend' }], 'the old session is still extended')
  await at.made[0]?.grant()
  t.equal(at.newest('a').calls.length, 1)
  await at.clock.advance(PROBE - EXTENSION + WATCH)
  t.equal(at.newest('a').calls.length, 2, 'and the new key is tried again after ten minutes')
  t.equal(at.made.length, 2)
})

t.test('a new key is tried again after a transient failure, while the old session stays', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  await at.newest('a').refuse('transient', { message: 'the vendor is down' })
  t.equal(at.told.at(-1), 'a rotation failed: the vendor is down')
  await at.clock.advance(250)
  await at.newest('a').grant()
  t.equal(at.told.at(-1), 'a rotated')
})

t.test('putting the old key back drops the candidate', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-bad'
  await at.clock.advance(WATCH)
  at.file.key = 'MARK-old'
  await at.clock.advance(WATCH)
  t.equal(candidateOf(at), undefined)
  t.equal(at.newest('a').session.state, 'closed')
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
})

t.test('a third key replaces the candidate of the second', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-second'
  await at.clock.advance(WATCH)
  at.file.key = 'MARK-third'
  await at.clock.advance(WATCH)
  t.equal(at.made[1]?.session.state, 'closed')
  await settle()
  t.match(at.newest('a').calls, [{ secret: 'MARK-third' }])
})

t.test('a file that cannot be read for a while changes nothing', async t => {
  const at = await withFile(t)
  at.file.key = new Error('gone')
  await at.clock.advance(WATCH * 2)
  at.file.key = 'MARK-old'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 1)
})

t.test('without a live token the new key takes over at once, with the waiting requests', async t => {
  const at = await withFile(t)
  at.sessions.invalidate('a', await at.sessions.acquire('a'), NAMED)
  await at.newest('a').refuse('transient', { retryAfter: LIFETIME })
  const waiting = at.sessions.acquire('a')
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.equal(at.made[0]?.session.state, 'closed')
  await at.newest('a').grant()
  t.equal((await waiting).token.reveal(), 'MARK-1')
})

t.test('after a rejected key, the next key in the file is tried', async t => {
  const at = await withFile(t)
  at.sessions.invalidate('a', await at.sessions.acquire('a'), NAMED)
  await at.newest('a').refuse('rejected')
  t.match(await failureOf(at.sessions.acquire('a')), { type: 'credentials-rejected' })
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 1, 'the same key is not tried again')
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.equal(await tokenOf(at, 'a'), 'waiting')
  await at.newest('a').grant()
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
})

t.test('auth calls of the old and the new session do not overlap', async t => {
  const at = await withFile(t)
  await at.clock.advance(EXTENSION - 1)
  at.file.key = 'MARK-new'
  await at.clock.advance(1)
  t.equal(at.made[0]?.calls.length, 2)
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 2)
  t.equal(at.newest('a').calls.length, 0, 'its login waits')
  await at.made[0]?.grant()
  t.equal(at.newest('a').calls.length, 1)
})

t.test('a reload', async t => {
  await t.test('changes nothing if the configuration is the same', async t => {
    const at = await withFile(t)
    await at.sessions.reload(tenantsOf(tenantOf('a', { ...at.tenant.credentials })))
    t.equal(at.made.length, 1)
  })

  await t.test('closes the sessions of removed tenants, and knows new ones', async t => {
    const at = sessionsRig(t, [tenantOf('a'), tenantOf('b')])
    const lease = at.sessions.acquire('a')
    await at.newest('a').grant()
    await at.sessions.reload(tenantsOf(tenantOf('b'), tenantOf('c')))
    t.equal(at.made[0]?.session.state, 'closed')
    t.strictSame(at.states(), { b: undefined, c: undefined })
    t.match(await failureOf(at.sessions.acquire('a')), { type: 'unknown-tenant' })
    t.notOk(at.sessions.invalidate('a', await lease, NAMED))
    t.equal(await tokenOf(at, 'c'), 'waiting')
  })

  await t.test('tries another API, customer or key source while the session stays in use', async t => {
    const changes = [
      { api: resolveApi('app3') },
      { prismaId: '1' },
      { customerName: 'Acme' },
      { origin: 'file /elsewhere' },
    ]
    for (const change of changes) {
      const at = sessionsRig(t, [tenantOf('a')])
      const lease = at.sessions.acquire('a')
      await at.newest('a').grant()
      await at.sessions.reload(tenantsOf(tenantOf('a', change)))
      t.equal(await at.sessions.acquire('a'), await lease)
      await at.newest('a').grant()
      const { api } = await at.sessions.acquire('a')
      t.equal(api, change.api ?? (await lease).api, 'a token goes to the API that issued it')
      t.equal(at.made.length, 2)
    }
  })

  await t.test('tries a rejected key again at once, in use or candidate', async t => {
    const at = await withFile(t)
    at.file.key = 'MARK-bad'
    await at.clock.advance(WATCH)
    await at.newest('a').refuse('rejected')
    await at.sessions.reload(tenantsOf(at.tenant))
    await at.newest('a').refuse('rejected')
    t.equal(at.made.length, 3)
    at.sessions.invalidate('a', await at.sessions.acquire('a'), NAMED)
    await at.made[0]?.refuse('rejected')
    await at.sessions.reload(tenantsOf(at.tenant))
    t.equal(at.made.length, 4)
    t.equal(await tokenOf(at, 'a'), 'waiting')
  })

  await t.test('tries the key again at once while backing off, unless there is a live token', async t => {
    const at = sessionsRig(t, [tenantOf('a')])
    const waiting = at.sessions.acquire('a')
    await at.newest('a').refuse('transient')
    await at.sessions.reload(tenantsOf(tenantOf('a')))
    t.equal(at.made.length, 2)
    await at.newest('a').grant()
    t.equal(await at.sessions.acquire('a'), await waiting)
    await at.clock.advance(EXTENSION)
    await at.newest('a').refuse('transient')
    t.strictSame(at.states(), { a: 'backing-off' })
    await at.sessions.reload(tenantsOf(tenantOf('a')))
    t.equal(at.made.length, 2)
  })

  await t.test('keeps a session whose key can no longer be read, and reports why', async t => {
    const at = await withFile(t)
    at.file.key = new Error('the file is gone')
    await at.sessions.reload(tenantsOf(at.tenant))
    t.equal(at.told.at(-1), 'a key unreadable: the file is gone')
    t.equal(await tokenOf(at, 'a'), 'MARK-1')
  })

  await t.test('ignores a session that is discarded while its key is read', async t => {
    const at = await withFile(t)
    const reading = at.sessions.reload(tenantsOf(at.tenant))
    await at.sessions.reload(tenantsOf(tenantOf('b')))
    await reading
    t.equal(at.made.length, 1)
  })

  await t.test('ignores a tenant that is removed or idle while its file is read', async t => {
    for (const leave of ['changes', 'rests'] as const) {
      const at = await withFile(t, leave === 'rests' ? 0 : undefined)
      await at.clock.advance(EXTENSION - 1)
      const opened = at.file.hold()
      await at.clock.advance(1)
      const same = { read: async () => keyOf('MARK-old') }
      if (leave === 'changes') await at.sessions.reload(tenantsOf(tenantOf('a', same)))
      at.file.key = 'MARK-new'
      opened()
      await settle()
      t.equal(at.made.length, 1, leave)
    }
  })

  await t.test('may be interrupted by close()', async t => {
    const at = await withFile(t)
    at.file.key = 'MARK-new'
    const looked = at.clock.advance(WATCH)
    at.sessions.close()
    await looked
    await at.clock.advance(WATCH)
    t.equal(at.made.length, 1)
    t.equal(at.clock.pending, 0)
  })
})
