import t from 'tap'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED } from './rig.ts'
import { keyOf, type SessionsRig, sessionsRig, tenantOf, tenantsOf, tokenOf } from './sessions-rig.ts'

const WATCH = 5_000
const PROBE = 600_000

/** A tenant whose key is in a file that the test writes, live with its first token. */
async function withFile(t: Parameters<typeof sessionsRig>[0], idleAfter?: number) {
  const file = {
    key: 'MARK-old' as string | Error,
    opened: Promise.resolve(),
    /** Has readers wait until what it gives is called. */
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

t.test('a key that changes in its file is tried beside the session in use, which it then takes over from', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 2)
  t.match(at.newest('a').calls, [{ call: 'login', secret: 'MARK-new' }])
  t.equal(await tokenOf(at, 'a'), 'MARK-1', 'the old token serves meanwhile')
  await at.newest('a').grant(LIFETIME / 2)
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(candidateOf(at), undefined)
  t.equal(at.told.at(-1), 'a rotated')
  await at.clock.advance(WATCH * 2)
  t.equal(at.made.length, 2, 'and the file is looked at further')
  at.file.key = 'MARK-newer'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 3)
})

t.test('the secrets of a tenant are those of the session in use and of what is tried', async t => {
  const at = await withFile(t)
  const secrets = () => at.sessions.secrets('a').map(secret => secret.reveal())
  t.strictSame(secrets(), ['MARK-1', 'MARK-old'])
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.strictSame(secrets(), ['MARK-1', 'MARK-old', 'MARK-new'])
  await at.newest('a').grant()
  t.strictSame(secrets(), ['MARK-1', 'MARK-new'])
  await at.clock.advance(LIFETIME)
  t.strictSame(secrets(), ['MARK-new'], 'a token that is dead is no secret')
  at.sessions.close()
  t.strictSame([at.sessions.secrets('a'), at.sessions.secrets('b')], [[], []])
})

t.test('a new key that is refused leaves the old session in use, loudly, and is not hammered', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-bad'
  await at.clock.advance(WATCH)
  await at.newest('a').refuse('rejected', { message: 'the key is unknown' })
  t.equal(at.told.at(-1), 'a rotation failed for good: the key is unknown')
  t.equal(candidateOf(at)?.state, 'rejected')
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  await at.clock.advance(EXTENSION - WATCH)
  t.match(at.made[0]?.calls, [{ call: 'login' }, { call: 'extend' }], 'the old session is extended as ever')
  await at.made[0]?.grant()
  t.equal(at.newest('a').calls.length, 1)
  await at.clock.advance(PROBE - EXTENSION + WATCH)
  t.equal(at.newest('a').calls.length, 2, 'and the new one tried again after ten minutes')
  t.equal(at.made.length, 2)
})

t.test('a new key that cannot be tried for now is tried again, while the old session goes on', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  await at.newest('a').refuse('transient', { message: 'the vendor is down' })
  t.equal(at.told.at(-1), 'a rotation failed: the vendor is down')
  await at.clock.advance(250)
  await at.newest('a').grant()
  t.equal(at.told.at(-1), 'a rotated')
})

t.test('the old key put back ends the trial of the new one', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-bad'
  await at.clock.advance(WATCH)
  at.file.key = 'MARK-old'
  await at.clock.advance(WATCH)
  t.equal(candidateOf(at), undefined)
  t.equal(at.newest('a').session.state, 'closed')
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
})

t.test('a third key ends the trial of the second', async t => {
  const at = await withFile(t)
  at.file.key = 'MARK-second'
  await at.clock.advance(WATCH)
  at.file.key = 'MARK-third'
  await at.clock.advance(WATCH)
  t.equal(at.made[1]?.session.state, 'closed')
  await settle()
  t.match(at.newest('a').calls, [{ secret: 'MARK-third' }])
})

t.test('a file that cannot be read for a while is no news', async t => {
  const at = await withFile(t)
  at.file.key = new Error('gone')
  await at.clock.advance(WATCH * 2)
  at.file.key = 'MARK-old'
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 1)
})

t.test('where there is no live token the new key takes over at once, and who waits goes with it', async t => {
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

t.test('a rejected key is followed by the next that stands in the file', async t => {
  const at = await withFile(t)
  at.sessions.invalidate('a', await at.sessions.acquire('a'), NAMED)
  await at.newest('a').refuse('rejected')
  t.match(await failureOf(at.sessions.acquire('a')), { type: 'credentials-rejected' })
  await at.clock.advance(WATCH)
  t.equal(at.made.length, 1, 'the same key is not tried again for that')
  at.file.key = 'MARK-new'
  await at.clock.advance(WATCH)
  t.equal(await tokenOf(at, 'a'), 'waiting')
  await at.newest('a').grant()
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
})

t.test('old and new session never call at the same time', async t => {
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

t.test('reading the configuration again', async t => {
  await t.test('changes nothing where nothing has changed', async t => {
    const at = await withFile(t)
    await at.sessions.reload(tenantsOf(tenantOf('a', { ...at.tenant.credentials })))
    t.equal(at.made.length, 1)
  })

  await t.test('closes what left, and knows what came', async t => {
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

  await t.test('has another place, customer or source of the key tried beside the session in use', async t => {
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
      t.equal(api, change.api ?? (await lease).api, 'a token goes where it came from')
      t.equal(at.made.length, 2)
    }
  })

  await t.test('has a rejected key tried again at once, be it the one in use or the one on trial', async t => {
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

  await t.test('keeps the session whose key cannot be read any more, and says why', async t => {
    const at = await withFile(t)
    at.file.key = new Error('the file is gone')
    await at.sessions.reload(tenantsOf(at.tenant))
    t.equal(at.told.at(-1), 'a key unreadable: the file is gone')
    t.equal(await tokenOf(at, 'a'), 'MARK-1')
  })

  await t.test('does not mind a session that leaves while its key is read', async t => {
    const at = await withFile(t)
    const reading = at.sessions.reload(tenantsOf(at.tenant))
    await at.sessions.reload(tenantsOf(tenantOf('b')))
    await reading
    t.equal(at.made.length, 1)
  })

  await t.test('does not mind a tenant that leaves, or rests, while its file is looked at', async t => {
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

  await t.test('does not mind the end', async t => {
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
