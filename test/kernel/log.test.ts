import { Writable } from 'node:stream'
import t from 'tap'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog, createPrettyLog } from '../../src/kernel/log.ts'
import { Secret } from '../../src/kernel/secret.ts'

/** A log and the text written to it. */
async function logTo(options: { level: string; pretty: boolean; colorize?: boolean }) {
  let written = ''
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written += chunk
      done()
    },
  })
  const { level, pretty, colorize = true } = options
  const log = pretty ? await createPrettyLog(level, destination, colorize) : createLog(level, destination, systemClock)
  return { log, written: () => written }
}

t.test('each line is JSON with an ISO time and no host facts', async t => {
  const { log, written } = await logTo({ level: 'info', pretty: false })
  log.info({ tenant: 'default' }, 'hello')
  const line = JSON.parse(written())
  t.match(line, { level: 30, tenant: 'default', msg: 'hello', time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ })
  t.strictSame(Object.keys(line).sort(), ['level', 'msg', 'tenant', 'time'])
})

t.test('lines below the level are not logged', async t => {
  const { log, written } = await logTo({ level: 'warn', pretty: false })
  log.info('quiet')
  t.equal(written(), '')
})

t.test('an error is logged with type, message, code and stack, without what a library added', async t => {
  const { log, written } = await logTo({ level: 'info', pretty: false })
  const request = { headers: { 'x-redlock-auth': 'MARK' } }
  log.info({ err: Object.assign(new TypeError('broken'), { code: 'ECODE', request }) }, 'failed')
  const { err } = JSON.parse(written())
  t.match(err, { type: 'TypeError', message: 'broken', code: 'ECODE', stack: /log\.test/ })
  t.strictSame(Object.keys(err).sort(), ['code', 'message', 'stack', 'type'])
  t.notMatch(written(), /MARK/)
})

t.test('a thrown value that is not an Error is logged as text', async t => {
  const { log, written } = await logTo({ level: 'info', pretty: false })
  log.info({ err: 'just text' }, 'failed')
  t.equal(JSON.parse(written()).err, 'just text')
})

t.test('a secret appears as [secret], in JSON and in pretty lines', async t => {
  for (const pretty of [false, true]) {
    const { log, written } = await logTo({ level: 'info', pretty })
    log.info({ token: new Secret('MARK') }, `a token: ${new Secret('MARK')}`)
    t.match(written(), '[secret]')
    t.notMatch(written(), /MARK/)
  }
})

t.test('a pretty line is coloured text with the time of day', async t => {
  const { log, written } = await logTo({ level: 'info', pretty: true })
  log.info({ requestId: 'id-1', tenant: 'default' }, 'hello')
  t.match(written(), /\d\d:\d\d:\d\d/)
  t.match(written(), '\u001b[')
  t.match(written(), 'hello (id-1)')
  t.notMatch(written(), 'default')
  const plain = await logTo({ level: 'info', pretty: true, colorize: false })
  plain.log.warn('hello')
  t.match(plain.written(), /^\[\d\d:\d\d:\d\d\] WARN: hello\n$/)
})

t.test('control characters are escaped, in JSON and in pretty lines', async t => {
  const text = 'a\u001b[2Jb\u009b31mc\u202ed\u2028e\ud800'
  const json = await logTo({ level: 'info', pretty: false })
  json.log.info({ text }, text)
  t.notMatch(json.written(), /[^\n -~]/)
  t.match(JSON.parse(json.written()), { msg: text, text })
  const people = await logTo({ level: 'info', pretty: true })
  people.log.info(text)
  t.match(people.written(), 'a\\u001b[2Jb\\u009b31mc\\u202ed\\u2028e\\ud800')
})

t.test('in pretty output, the second line of a message does not look like a log line', async t => {
  const { log, written } = await logTo({ level: 'info', pretty: true })
  log.info('one\n[12:00:00] INFO: forged')
  t.match(written(), /one\n {4}\[12:00:00\] INFO: forged/)
})

t.test('a record may have a line of its own, which looks like no other', async t => {
  const lines: string[] = []
  const log = await createPrettyLog('info', { write: text => void lines.push(text) }, false, ({ own }) => own as string)
  log.info({ own: 'one\n[12:00:00] INFO: forged' }, 'hello')
  log.info('hello')
  t.match(lines.join(''), /^\d\d:\d\d:\d\d one\n {4}\[12:00:00\] INFO: forged\n\[\d\d:\d\d:\d\d\] INFO: hello\n$/)
})
