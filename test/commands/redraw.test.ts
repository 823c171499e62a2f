import t from 'tap'
import { Redraw } from '../../src/commands/terminal/redraw.ts'
import { fakeHost } from '../support/host.ts'

t.test('what is drawn takes the place of what was drawn before, and the cursor comes back', t => {
  const { stdout } = fakeHost({ isTTY: true })
  const redraw = new Redraw(stdout)
  redraw.draw(['one', 'two'])
  redraw.draw(['three'])
  redraw.draw([])
  redraw.close()
  t.equal(stdout.text.replaceAll('\u001b', '^'), '^[?25l^[?7lone^[K\ntwo^[K\n^[J^[2Athree^[K\n^[J^[1A^[J^[?7h^[?25h')
  t.end()
})

t.test('what does not fit on the terminal is cut off', t => {
  const lines = Array.from({ length: 30 }, (_, n) => `line ${n}.`)
  for (const [rows, last] of [
    [{}, 'line 21.'],
    [{ rows: 0 }, 'line 21.'],
    [{ rows: 6 }, 'line 3.'],
  ] as const) {
    const { stdout } = fakeHost({ isTTY: true })
    new Redraw(Object.assign(stdout, rows)).draw(lines)
    const shown = stdout.text.match(/line \d+\./g) ?? []
    t.equal(shown.at(-1), last)
    t.match(stdout.text, `… ${30 - shown.length} more lines`)
  }
  t.end()
})
