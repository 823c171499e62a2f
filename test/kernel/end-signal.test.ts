import t from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'

t.test('every listener is called once', async t => {
  const end = new EndController('over')
  const calls: string[] = []
  end.addEventListener('abort', () => calls.push('first'))
  end.addEventListener('abort', () => calls.push('second'))
  t.equal(end.aborted, false)
  end.abort()
  end.abort()
  t.equal(end.aborted, true)
  t.match(end.reason, { message: 'over' })
  t.strictSame(calls, ['first', 'second'])
})

t.test('a removed listener is not called', async t => {
  const end = new EndController('over')
  const calls: string[] = []
  const listener = () => calls.push('left')
  end.addEventListener('abort', listener)
  end.addEventListener('abort', () => calls.push('stays'))
  end.removeEventListener('abort', listener)
  end.removeEventListener('abort', listener)
  end.abort()
  t.strictSame(calls, ['stays'])
})

t.test('a listener may remove itself while listeners are called', async t => {
  const end = new EndController('over')
  const calls: string[] = []
  const leaving = () => {
    calls.push('leaving')
    end.removeEventListener('abort', leaving)
  }
  end.addEventListener('abort', leaving)
  end.addEventListener('abort', () => calls.push('next'))
  end.abort()
  t.strictSame(calls, ['leaving', 'next'])
})
