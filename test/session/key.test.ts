import t from 'tap'
import type { CredentialSource } from '../../src/config/config.ts'
import { CredentialsError } from '../../src/config/fault.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { isSameKey, readKey } from '../../src/session/key.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { NAMED, offered, rig } from './rig.ts'

const keyOf = (secretKey: string, accessKeyId = 'an-id') => ({
  accessKeyId: new Secret(accessKeyId),
  secretKey: new Secret(secretKey),
})

/** A source that returns another key on each read. */
function turning(kind: CredentialSource['kind']) {
  let readings = 0
  return { origin: 'test', kind, read: async () => keyOf(`key-${++readings}`) }
}

const used = (calls: ReturnType<typeof rig>['calls']) => calls.map(({ call, secret }) => `${call} ${secret}`)

t.test('two keys are the same if both id and secret are', async t => {
  t.equal(isSameKey(keyOf('a'), keyOf('a')), true)
  t.equal(isSameKey(keyOf('a'), keyOf('b')), false)
  t.equal(isSameKey(keyOf('a'), keyOf('a', 'another-id')), false)
})

t.test('reading a key times out', async t => {
  const clock = countedClock()
  const reading = readKey({ origin: 'test', kind: 'file', read: () => new Promise(() => {}) }, clock)
  const outcome = t.rejects(reading, { name: 'DeadlineError' })
  await clock.advance(15_000)
  await outcome
  t.equal(clock.pending, 0)
})

t.test('a key that was accepted stays in use, whatever its source returns later', async t => {
  for (const kind of ['fixed', 'file', 'command'] as const) {
    const { session, start, grant, calls } = rig(t, { credentials: turning(kind) })
    session.invalidate(await start(), NAMED)
    await grant()
    t.strictSame(used(calls), ['login key-1', 'login key-1'], kind)
  }
})

t.test('it stays in use if a later login fails for another reason, too', async t => {
  const { session, start, refuse, grant, clock, calls } = rig(t, { credentials: turning('file') })
  session.invalidate(await start(), NAMED)
  await refuse('transient')
  await clock.advance(250)
  await grant()
  t.strictSame(new Set(used(calls)), new Set(['login key-1']))
})

t.test('a key from a changing source is read for each login', async t => {
  const { session, start, grant, calls } = rig(t, { credentials: turning('changing') })
  session.invalidate(await start(), NAMED)
  await grant()
  t.strictSame(used(calls), ['login key-1', 'login key-2'])
})

t.test('a rejected key is read again for the next login', async t => {
  const { session, refuse, grant, clock, calls } = rig(t, { credentials: turning('command') })
  session.renew()
  await refuse('rejected')
  await clock.advance(600_000)
  await grant()
  t.strictSame(used(calls), ['login key-1', 'login key-2'])
  t.equal(await offered(session), 'MARK-2')
})

t.test('uses() compares with the key of the logins, and is true for any key before one is read', async t => {
  const { session, start } = rig(t, { credentials: turning('file') })
  t.equal(session.uses(keyOf('any')), true)
  await start()
  t.equal(session.uses(keyOf('key-1')), true)
  t.equal(session.uses(keyOf('key-2')), false)
})

t.test('a key that was passed in is not read again', async t => {
  const { session, start, calls } = rig(t, { credentials: turning('file'), key: keyOf('given') })
  t.equal(session.uses(keyOf('other')), false)
  await start()
  t.strictSame(used(calls), ['login given'])
})

t.test('a key that can no longer be read does not matter while the one in use is accepted', async t => {
  let isThere = true
  const read = async () => {
    if (isThere) return keyOf('key')
    throw new CredentialsError('the file is gone')
  }
  const { session, start, grant } = rig(t, { credentials: { origin: 'test', kind: 'file', read } })
  const lease = await start()
  isThere = false
  session.invalidate(lease, NAMED)
  await grant()
  t.equal(await offered(session), 'MARK-2')
})
