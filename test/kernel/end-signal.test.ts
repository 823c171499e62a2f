import t from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'

t.test('everybody is told of the end, once', async t => {
  const ending = new EndController('over')
  const told: string[] = []
  ending.addEventListener('abort', () => told.push('first'))
  ending.addEventListener('abort', () => told.push('second'))
  t.equal(ending.aborted, false)
  ending.abort()
  ending.abort()
  t.equal(ending.aborted, true)
  t.match(ending.reason, { message: 'over' })
  t.strictSame(told, ['first', 'second'])
})

t.test('who listens no more is not told', async t => {
  const ending = new EndController('over')
  const told: string[] = []
  const listener = () => told.push('left')
  ending.addEventListener('abort', listener)
  ending.addEventListener('abort', () => told.push('stays'))
  ending.removeEventListener('abort', listener)
  ending.removeEventListener('abort', listener)
  ending.abort()
  t.strictSame(told, ['stays'])
})

t.test('who listens may leave while all are told', async t => {
  const ending = new EndController('over')
  const told: string[] = []
  const leaving = () => {
    told.push('leaving')
    ending.removeEventListener('abort', leaving)
  }
  ending.addEventListener('abort', leaving)
  ending.addEventListener('abort', () => told.push('next'))
  ending.abort()
  t.strictSame(told, ['leaving', 'next'])
})
