import t from 'tap'
import { elapsed } from '../../src/kernel/instant.ts'

t.test('elapsed time is that of the clock that advanced further', async t => {
  const from = { wall: 1000, monotonic: 0 }
  t.equal(elapsed(from, { wall: 1500, monotonic: 500 }), 500)
  t.equal(elapsed(from, { wall: 9000, monotonic: 500 }), 8000, 'the machine slept')
  t.equal(elapsed(from, { wall: 0, monotonic: 500 }), 500, 'wall time was set back')
})
