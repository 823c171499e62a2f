import t from 'tap'
import { escapeUnprintable } from '../../src/kernel/printable.ts'

t.test('characters that control or reorder terminal output are escaped as in JSON', async t => {
  const rows: [text: string, escaped: string][] = [
    ['plain "text"\twith a tab\n', 'plain "text"\twith a tab\n'],
    ['über 日本 🦊', 'über 日本 🦊'],
    ['\u0000\u0007\u001b[2J\r', '\\u0000\\u0007\\u001b[2J\\u000d'],
    ['\u007f\u0085\u009b31m', '\\u007f\\u0085\\u009b31m'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['\u202egpj.exe\u2066\u200f\u061c', '\\u202egpj.exe\\u2066\\u200f\\u061c'],
    ['\ufeff\u200b\u00ad', '\\ufeff\\u200b\\u00ad'],
    ['\ud800x\udc00', '\\ud800x\\udc00'],
    ['\u{e0041}', '\\udb40\\udc41'],
  ]
  for (const [text, escaped] of rows) t.equal(escapeUnprintable(text), escaped)
})

t.test('escaped JSON keeps its meaning', async t => {
  const value = { 'a\u009b': '\u202e\u{e0041}\ud800\n"', b: [1, '\u2028'] }
  const line = escapeUnprintable(JSON.stringify(value))
  t.notMatch(line, /[^ -~]/)
  t.strictSame(JSON.parse(line), value)
})
