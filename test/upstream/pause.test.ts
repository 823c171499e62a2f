import t from 'tap'
import { Pause } from '../../src/upstream/pool/pause.ts'

t.test('each failure in a row may make the pause longer, up to a minute', async t => {
  t.intercept(Math, 'random', { value: () => 0.999_999 })
  const pause = new Pause()
  t.notOk(pause.isOn(0))
  for (const length of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    pause.failed(5)
    t.strictSame([pause.isOn(5 + length - 1), pause.isOn(5 + length)], [true, false])
  }
  pause.succeeded()
  pause.failed(5)
  t.notOk(pause.isOn(1_005))
})
