import t from 'tap'
import { shellQuoted } from '../../src/commands/terminal/shell.ts'

t.test('a text is one word for the shells of the system', async t => {
  t.equal(shellQuoted('/run/a-b_c.pem', 'linux'), '/run/a-b_c.pem')
  t.equal(shellQuoted("it's here", 'linux'), "'it'\\''s here'")
  t.equal(shellQuoted('C:\\Users\\A B\\ca.pem', 'win32'), '"C:\\Users\\A B\\ca.pem"')
})
