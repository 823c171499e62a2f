import t from 'tap'
import { layParagraphs, layRows, widthFor, wrap } from '../../src/commands/help/layout.ts'

t.test('the width is that of the terminal, from 60 to 100 columns, and 100 elsewhere', async t => {
  const rows: [output: Parameters<typeof widthFor>[0], width: number][] = [
    [{ isTTY: true, columns: 80 }, 80],
    [{ isTTY: true, columns: 20 }, 60],
    [{ isTTY: true, columns: 300 }, 100],
    [{ isTTY: true, columns: 0 }, 100],
    [{ isTTY: true }, 100],
    [{ isTTY: false, columns: 80 }, 100],
    [{}, 100],
  ]
  for (const [output, width] of rows) t.equal(widthFor(output), width, JSON.stringify(output))
})

t.test('text is broken between words', async t => {
  t.strictSame(wrap('one two three', 7), ['one two', 'three'])
  t.strictSame(wrap('longest word', 4), ['longest', 'word'])
  t.strictSame(wrap('', 4), [''])
})

t.test('items of a list stay together, and their lines below each other', async t => {
  t.equal(layParagraphs(['A b:', '- one two', '- three', 'End.'], 7), 'A b:\n\n- one\n  two\n- three\n\nEnd.')
})

t.test('terms and explanations are in two columns; a term that is too long has a line for itself', async t => {
  t.equal(
    layRows(
      [
        ['--a', 'one two'],
        ['--bb', 'three'],
      ],
      20,
    ),
    '  --a   one two\n  --bb  three',
  )
  t.equal(
    layRows(
      [
        ['-a', 'one'],
        ['--longer', 'two'],
      ],
      20,
    ),
    '  -a    one\n  --longer\n        two',
  )
})
