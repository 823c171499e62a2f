import t from 'tap'
import { FairQueue } from '../../src/pacing/fair-queue.ts'

function queueOf(...items: string[]) {
  const queue = new FairQueue<string, string>()
  for (const item of items) queue.push(item.slice(0, 1), item)
  return queue
}

function drain(queue: FairQueue<string, string>): string[] {
  const items: string[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item)
  return items
}

t.test('clients take turns, each in its own order', async t => {
  const queue = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'c2')
  t.equal(queue.size, 6)
  t.strictSame(drain(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
  t.equal(queue.size, 0)
})

t.test('a client that comes later has a turn before others have a second one', async t => {
  const queue = queueOf('a1', 'a2', 'a3')
  t.equal(queue.shift(), 'a1')
  queue.push('b', 'b1')
  t.strictSame(drain(queue), ['a2', 'b1', 'a3'])
})

t.test('a returned item goes first', async t => {
  const queue = queueOf('a1', 'b1')
  queue.pushReturned('b0')
  queue.pushReturned('a0')
  t.equal(queue.size, 4)
  t.strictSame(drain(queue), ['b0', 'a0', 'a1', 'b1'])
})

t.test('a removed item is skipped', async t => {
  const queue = queueOf('a1', 'a2', 'b1')
  queue.pushReturned('b0')
  queue.delete('a', 'a1')
  queue.delete('b', 'b0')
  queue.delete('b', 'b1')
  queue.delete('b', 'b1')
  t.equal(queue.size, 1)
  t.strictSame(drain(queue), ['a2'])
})

t.test('ahead() counts the items before the next one of a client', async t => {
  const queue = queueOf('a1', 'a2', 'a3', 'b1')
  t.equal(queue.ahead('a'), 4)
  t.equal(queue.ahead('b'), 3)
  t.equal(queue.ahead('c'), 2)
  queue.pushReturned('c0')
  t.equal(queue.ahead('c'), 3)
  t.equal(queueOf().ahead('a'), 0)
})
