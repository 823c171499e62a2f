import t from 'tap'
import { Evidence, type Retry, UNINFORMATIVE } from '../../src/session/evidence.ts'

const SECOND = 1_000
const MINUTE = 60_000
const [POLICY, CLOUD, ALERT] = ['a GET /policy', 'a GET /cloud', 'a GET /alert/{id}']

interface Facts {
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
    /** A 401 at `now`. If there are grounds, a check is made, and the request is retried with a new token. */
    refuse(now: number, { operation = POLICY, named = false, again = false }: Facts = {}): Retry | undefined {
      const grounds = evidence.weigh({ operation, named, again }, now)
      if (!grounds.open) return undefined
      const retry = evidence.check(grounds, now)
      token = evidence.replaceToken()
      return retry
    },
  }
}

/** The times, in seconds, at which a 401 that repeats four times a second causes a check. */
function checkTimes(at: ReturnType<typeof rig>, until: number, facts: Facts = {}): number[] {
  const times: number[] = []
  for (let now = 0; now < until; now += SECOND / 4) if (at.refuse(now, facts)) times.push(now / SECOND)
  return times
}

t.test('an operation that was never served causes a check once in a while, ever less often', async t => {
  t.strictSame(checkTimes(rig(), 5 * MINUTE), [0, 5, 15, 35, 75, 135, 195, 255])
})

t.test('many such operations together cause no more checks than one', async t => {
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

t.test('an operation that was served causes a check, whatever others have caused', async t => {
  const at = rig()
  for (const operation of [CLOUD, ALERT]) at.served(operation)
  at.refuse(0)
  t.notOk(at.refuse(1))
  t.ok(at.refuse(2, { operation: CLOUD }))
  at.replaceToken()
  t.ok(at.refuse(3, { operation: ALERT }), 'even if it was served with an earlier token')
})

t.test('an operation that loses its permission becomes like one that was never served', async t => {
  const at = rig()
  at.served(CLOUD)
  at.served(POLICY)
  t.ok(at.refuse(0))
  at.served(CLOUD)
  t.strictSame(checkTimes(at, 2 * MINUTE), [5, 15, 35, 75])
})

t.test('an operation that is refused for some objects only causes ever fewer checks', async t => {
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
  t.ok(at.refuse(6 * MINUTE), 'it causes one again after a quiet time as long as the last cooldown')
})

t.test('a response that names the token causes a check for every operation', async t => {
  const at = rig()
  t.ok(at.refuse(0))
  t.ok(at.refuse(1, { named: true }), 'the same operation, which lacks a permission')
  t.ok(at.refuse(2, { named: true, operation: CLOUD }))
})

t.test('an operation that names the token wrongly causes ever fewer checks', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0; now < 3 * MINUTE; now += SECOND / 4) {
    at.served(CLOUD)
    if (at.refuse(now, { named: true })) times.push(now / SECOND)
    at.served(CLOUD)
  }
  t.strictSame(times, [0, 5, 15, 35, 75, 135])
})

t.test('a justified check starts no cooldown', async t => {
  const words: [facts: Facts, word: Parameters<Retry['answered']>[0], isJustified: boolean][] = [
    [{}, 'good', true],
    [{}, 'none', false],
    [{}, 'bad', false],
    [{ named: true }, 'good', true],
    [{ named: true }, 'none', true],
    [{ named: true }, 'bad', false],
  ]
  for (const [facts, word, isJustified] of words) {
    const at = rig()
    at.served(CLOUD)
    at.refuse(0, facts)?.answered(word)
    at.served(CLOUD)
    t.equal(at.refuse(1, facts) !== undefined, isJustified, `${facts.named ? 'named' : 'plain'}, then ${word}`)
  }
})

t.test('a justified check leaves the cooldowns of other operations', async t => {
  const at = rig()
  at.served(CLOUD)
  for (const time of [0, 5, 15]) at.refuse(time * SECOND)
  at.refuse(16 * SECOND, { operation: CLOUD })?.answered('good')
  t.notOk(at.refuse(34 * SECOND))
  t.ok(at.refuse(35 * SECOND))
})

t.test('a new token that is refused at once causes one more check: it may have been revoked', async t => {
  for (const named of [true, false]) {
    const at = rig()
    at.served(POLICY)
    t.ok(at.refuse(0, { named }))
    t.ok(at.refuse(1, { named, again: true }))
    t.notOk(at.refuse(2, { named, again: true }))
  }
})

t.test('a new token that has served a request does not, nor does an unknown operation', async t => {
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

t.test('a retry causes no check without grounds, because its token is new', async t => {
  const at = rig()
  at.refuse(0, { named: true })?.answered('none')
  t.notOk(at.refuse(1, { again: true }))
  t.ok(at.refuse(2))
})

t.test('several operations that are refused while nothing is served cause a check', async t => {
  const at = rig()
  at.refuse(0)
  t.notOk(at.refuse(1, { operation: CLOUD }), 'one alone does not')
  t.notOk(at.refuse(2, { operation: CLOUD }))
  t.ok(at.refuse(3, { operation: ALERT }))
  t.notOk(at.refuse(4, { operation: 'another' }))
  t.notOk(at.refuse(5, { operation: 'and another' }), 'the check was unjustified')
})

t.test('a request served in between clears the suspicion, unless it had an old token', async t => {
  const at = rig()
  at.refuse(0)
  at.refuse(1, { operation: CLOUD })
  at.served('something')
  t.notOk(at.refuse(2, { operation: ALERT }))
  at.served('something', 1)
  t.ok(at.refuse(3, { operation: CLOUD }))
})

t.test('several refused operations cause ever fewer checks while that lasts', async t => {
  const at = rig()
  const times: number[] = []
  for (let now = 0, n = 0; now < 5 * MINUTE; now += SECOND / 4, n++)
    if (at.refuse(now, { operation: `never asked before ${n}` })) times.push(now / SECOND)
  t.strictSame(times, [0, 0.5, 10.5, 30.5, 70.5, 130.5, 190.5, 250.5])
})

t.test('at most twenty checks are made in a minute, whatever the grounds', async t => {
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

t.test('a check waits for the first cooldown to end, and never more than a minute', async t => {
  const at = rig()
  const named = { operation: POLICY, named: true, again: false }
  at.refuse(0, named)
  at.refuse(0, named)
  const grounds = at.evidence.weigh(named, SECOND)
  t.equal(grounds.open, undefined)
  t.equal(at.evidence.earliest(grounds, SECOND), 5 * SECOND)
  at.evidence.check(grounds, 5 * SECOND)
  for (let n = 0; n < 5; n++) at.evidence.check(at.evidence.weigh(named, SECOND), 5 * SECOND)
  t.equal(at.evidence.earliest(at.evidence.weigh(named, SECOND), SECOND), MINUTE + SECOND)
})

t.test('at most five hundred operations are remembered', async t => {
  const at = rig()
  at.refuse(0)
  at.served(CLOUD)
  for (let n = 0; n < 500; n++) at.served(`operation ${n}`)
  t.notOk(at.refuse(1, { operation: CLOUD }))
})

t.test('a token is proven once the API has served a request with it', async t => {
  const at = rig()
  t.equal(at.evidence.isProven, false)
  at.served(POLICY)
  t.equal(at.evidence.isProven, true)
  at.replaceToken()
  t.equal(at.evidence.isProven, false)
  at.served(POLICY, 1)
  t.equal(at.evidence.isProven, false)
})

t.test('an uninformative retry ignores its response', async t => {
  t.equal(UNINFORMATIVE.answered('good'), undefined)
})
