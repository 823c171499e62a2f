import t from 'tap'
import { Evidence, type Retry, UNINFORMATIVE } from '../../src/session/evidence.ts'

const SECOND = 1_000
const MINUTE = 60_000
const [POLICY, CLOUD, ALERT] = ['a GET /policy', 'a GET /cloud', 'a GET /alert/{id}']

interface Said {
  readonly operation?: string
  readonly named?: boolean
  readonly again?: boolean
}

function rig() {
  const evidence = new Evidence()
  let token = evidence.replaceToken()
  return {
    evidence,
    served: (operation: string, by = token) => evidence.served(operation, by),
    replaceToken() {
      token = evidence.replaceToken()
    },
    /** A 401 at a time. Where there are grounds an alarm is raised, and another token obtained, with which it is retried. */
    refuse(now: number, { operation = POLICY, named = false, again = false }: Said = {}): Retry | undefined {
      const grounds = evidence.weigh({ operation, named, again }, now)
      if (!grounds.open) return undefined
      const retry = evidence.raise(grounds, now)
      token = evidence.replaceToken()
      return retry
    },
  }
}

/** At what times a 401 that comes four times a second leads to an alarm, in seconds. */
function alarmTimes(at: ReturnType<typeof rig>, until: number, said: Said = {}): number[] {
  const times: number[] = []
  for (let now = 0; now < until; now += SECOND / 4) if (at.refuse(now, said)) times.push(now / SECOND)
  return times
}

t.test('an operation that was never served may raise an alarm once in a while, and less often each time', async t => {
  t.strictSame(alarmTimes(rig(), 5 * MINUTE), [0, 5, 15, 35, 75, 135, 195, 255])
})

t.test('however many they are, together', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0; now < 5 * MINUTE; now += SECOND / 4) {
    at.served(CLOUD)
    for (let n = 0; n < 10; n++) {
      if (at.refuse(now, { operation: `denied ${n}` })) times.push(now / SECOND)
      at.served(CLOUD)
    }
  }
  t.strictSame(times, [0, 5, 15, 35, 75, 135, 195, 255])
})

t.test('one that was served is believed, whatever others have cost', async t => {
  const at = rig()
  for (const operation of [CLOUD, ALERT]) at.served(operation)
  at.refuse(0)
  t.notOk(at.refuse(1))
  t.ok(at.refuse(2, { operation: CLOUD }))
  at.replaceToken()
  t.ok(at.refuse(3, { operation: ALERT }), 'be it by an earlier token')
})

t.test('its permission may have been taken away: then it is like one that was never served', async t => {
  const at = rig()
  at.served(CLOUD)
  at.served(POLICY)
  t.ok(at.refuse(0))
  at.served(CLOUD)
  t.strictSame(alarmTimes(at, 2 * MINUTE), [5, 15, 35, 75])
})

t.test('one of which some are forbidden, which cannot be told apart, is not believed while it goes on', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0; now < 5 * MINUTE; now += SECOND / 4) {
    at.served(POLICY)
    if (at.refuse(now)) times.push(now / SECOND)
    at.served(POLICY)
  }
  t.strictSame(times, [0, 5, 15, 35, 75, 135, 195, 255])
  t.notOk(at.refuse(5 * MINUTE))
  at.served(POLICY)
  t.ok(at.refuse(6 * MINUTE), 'but it is when there was peace for as long as the last pause')
})

t.test('a token that is named is believed to be dead, whoever has that from the API', async t => {
  const at = rig()
  t.ok(at.refuse(0))
  t.ok(at.refuse(1, { named: true }), 'the same operation has no permission')
  t.ok(at.refuse(2, { named: true, operation: CLOUD }))
})

t.test('an operation of which that is not true has it believed once in a while', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0; now < 3 * MINUTE; now += SECOND / 4) {
    at.served(CLOUD)
    if (at.refuse(now, { named: true })) times.push(now / SECOND)
    at.served(CLOUD)
  }
  t.strictSame(times, [0, 5, 15, 35, 75, 135])
})

t.test('an alarm that proves right costs nothing', async t => {
  const words: [said: Said, word: Parameters<Retry['answered']>[0], isRight: boolean][] = [
    [{}, 'good', true],
    [{}, 'none', false],
    [{}, 'bad', false],
    [{ named: true }, 'good', true],
    [{ named: true }, 'none', true],
    [{ named: true }, 'bad', false],
  ]
  for (const [said, word, isRight] of words) {
    const at = rig()
    at.served(CLOUD)
    at.refuse(0, said)?.answered(word)
    at.served(CLOUD)
    t.equal(at.refuse(1, said) !== undefined, isRight, `${said.named ? 'named' : 'plain'}, then ${word}`)
  }
})

t.test('nor does it change what false alarms of others have cost', async t => {
  const at = rig()
  at.served(CLOUD)
  for (const time of [0, 5, 15]) at.refuse(time * SECOND)
  at.refuse(16 * SECOND, { operation: CLOUD })?.answered('good')
  t.notOk(at.refuse(34 * SECOND))
  t.ok(at.refuse(35 * SECOND))
})

t.test('a new token that is refused at once may have been revoked on its way, which is believed once', async t => {
  for (const named of [true, false]) {
    const at = rig()
    at.served(POLICY)
    t.ok(at.refuse(0, { named }))
    t.ok(at.refuse(1, { named, again: true }))
    t.notOk(at.refuse(2, { named, again: true }))
  }
})

t.test('but not of one that has served anything, and not by an operation of which nothing is known', async t => {
  const at = rig()
  at.served(POLICY)
  at.refuse(0)
  at.served(CLOUD)
  t.notOk(at.refuse(1, { again: true }))
  for (const named of [true, false]) {
    const other = rig()
    other.refuse(0, { named })
    t.notOk(other.refuse(1, { named, again: true }))
  }
})

t.test('a request that was sent again already raises none without grounds: the token is as new as can be', async t => {
  const at = rig()
  at.refuse(0, { named: true })?.answered('none')
  t.notOk(at.refuse(1, { again: true }))
  t.ok(at.refuse(2))
})

t.test('several operations that are refused, while nothing is served, are believed together', async t => {
  const at = rig()
  at.refuse(0)
  t.notOk(at.refuse(1, { operation: CLOUD }), 'one alone is not')
  t.notOk(at.refuse(2, { operation: CLOUD }))
  t.ok(at.refuse(3, { operation: ALERT }))
  t.notOk(at.refuse(4, { operation: 'another' }))
  t.notOk(at.refuse(5, { operation: 'and another' }), 'that was a false alarm')
})

t.test('what is served in between speaks for the token, and so does not what an old one has served', async t => {
  const at = rig()
  at.refuse(0)
  at.refuse(1, { operation: CLOUD })
  at.served('something')
  t.notOk(at.refuse(2, { operation: ALERT }))
  at.served('something', 1)
  t.ok(at.refuse(3, { operation: CLOUD }))
})

t.test('several that are refused go on to be worth no alarm while they are', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0, n = 0; now < 5 * MINUTE; now += SECOND / 4, n++)
    if (at.refuse(now, { operation: `never asked before ${n}` })) times.push(now / SECOND)
  t.strictSame(times, [0, 0.5, 10.5, 30.5, 70.5, 130.5, 190.5, 250.5])
})

t.test('no more than twenty alarms are raised in a minute, whatever speaks for them', async t => {
  const at = rig()
  const refuse = (now: number) => {
    at.served(POLICY)
    const retry = at.refuse(now)
    retry?.answered('good')
    return retry
  }
  for (let n = 0; n < 20; n++) t.ok(refuse(n * 100))
  t.notOk(refuse(2 * SECOND))
  const grounds = at.evidence.weigh({ operation: POLICY, named: true, again: false }, 3 * SECOND)
  t.equal(grounds.open, undefined)
  t.equal(at.evidence.earliest(grounds, 3 * SECOND), MINUTE)
  t.notOk(refuse(MINUTE - 1))
  t.ok(refuse(MINUTE))
  t.notOk(refuse(MINUTE))
  t.ok(refuse(MINUTE + 100))
})

t.test('an alarm that must wait does so for what comes first, and never for more than a minute', async t => {
  const at = rig()
  const named = { operation: POLICY, named: true, again: false }
  at.refuse(0, named)
  at.refuse(0, named)
  const grounds = at.evidence.weigh(named, SECOND)
  t.equal(grounds.open, undefined)
  t.equal(at.evidence.earliest(grounds, SECOND), 5 * SECOND)
  at.evidence.raise(grounds, 5 * SECOND)
  for (let n = 0; n < 5; n++) at.evidence.raise(at.evidence.weigh(named, SECOND), 5 * SECOND)
  t.equal(at.evidence.earliest(at.evidence.weigh(named, SECOND), SECOND), MINUTE + SECOND)
})

t.test('no more operations are remembered than five hundred', async t => {
  const at = rig()
  at.refuse(0)
  at.served(CLOUD)
  for (let n = 0; n < 500; n++) at.served(`operation ${n}`)
  t.notOk(at.refuse(1, { operation: CLOUD }))
})

t.test('a token is proven once it has served anything', async t => {
  const at = rig()
  t.equal(at.evidence.isProven, false)
  at.served(POLICY)
  t.equal(at.evidence.isProven, true)
  at.replaceToken()
  t.equal(at.evidence.isProven, false)
  at.served(POLICY, 1)
  t.equal(at.evidence.isProven, false)
})

t.test('of some retries nothing is learnt', async t => {
  t.equal(UNINFORMATIVE.answered('good'), undefined)
})
