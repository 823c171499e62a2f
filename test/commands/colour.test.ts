import t from 'tap'
import { painter, takesColours } from '../../src/commands/terminal/colour.ts'
import { fakeHost } from '../support/host.ts'

t.test('an output takes colours at a terminal, unless the environment says otherwise', async t => {
  const rows: [isTTY: boolean, env: Record<string, string>, colours: boolean][] = [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '0' }, false],
    [true, { NO_COLOR: 'false' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '3', TERM: 'dumb' }, true],
    [true, { TERM: 'dumb' }, false],
    [true, { TERM: 'xterm-256color' }, true],
  ]
  for (const [isTTY, env, colours] of rows) {
    const { stdout } = fakeHost({ isTTY })
    t.equal(takesColours(stdout, env), colours, JSON.stringify([isTTY, env]))
    t.equal(painter(stdout, env)('red', 'text'), colours ? '\u001b[31mtext\u001b[39m' : 'text')
  }
})
