import t from 'tap'
import { Mutex } from '../../src/kernel/mutex.ts'
import { settle } from '../support/clock.ts'
import { failureOf } from './failure-of.ts'

/** A mutex, and calls through it that the test settles itself. */
function rig() {
  const mutex = new Mutex()
  const begun: string[] = []
  const ends = new Map<string, { resolve(result: string): void; reject(error: unknown): void }>()
  const pass = (name: string) =>
    mutex.pass(() => {
      begun.push(name)
      return new Promise<string>((resolve, reject) => ends.set(name, { resolve, reject }))
    })
  const end = async (name: string) => {
    ends.get(name)?.resolve(`${name} done`)
    await settle()
  }
  const fail = async (name: string, error: unknown) => {
    ends.get(name)?.reject(error)
    await settle()
  }
  return { begun, pass, end, fail, mutex }
}

t.test('calls run one at a time, in order, each with its own result', async t => {
  const { begun, pass, end } = rig()
  const results = Promise.all([pass('a'), pass('b'), pass('c')])
  await settle()
  t.strictSame(begun, ['a'])
  await end('a')
  t.strictSame(begun, ['a', 'b'])
  await end('b')
  t.strictSame(begun, ['a', 'b', 'c'])
  await end('c')
  t.strictSame(await results, ['a done', 'b done', 'c done'])
})

t.test('a call runs at once if none is running', async t => {
  const { begun, pass, end } = rig()
  const first = pass('a')
  await settle()
  await end('a')
  t.equal(await first, 'a done')
  const second = pass('b')
  await settle()
  t.strictSame(begun, ['a', 'b'])
  await end('b')
  t.equal(await second, 'b done')
})

t.test('a failing call fails only its own caller and does not block the next', async t => {
  const { begun, pass, end, fail } = rig()
  const [first, second] = [failureOf(pass('a')), pass('b')]
  await settle()
  await fail('a', new RangeError('broken'))
  t.strictSame(begun, ['a', 'b'])
  t.match(await first, new RangeError('broken'))
  await end('b')
  t.equal(await second, 'b done')
})

t.test('a call that throws synchronously does not block the next either', async t => {
  const { mutex } = rig()
  const first = mutex.pass(() => {
    throw new RangeError('broken')
  })
  const second = mutex.pass(async () => 'done')
  await t.rejects(first, new RangeError('broken'))
  t.equal(await second, 'done')
})

t.test('mutexes are independent of each other', async t => {
  const [one, other] = [rig(), rig()]
  const waiting = one.pass('a')
  const passed = other.pass('b')
  await settle()
  await other.end('b')
  t.equal(await passed, 'b done')
  await one.end('a')
  t.equal(await waiting, 'a done')
})
