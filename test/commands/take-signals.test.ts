import { EventEmitter } from 'node:events'
import t from 'tap'
import { takeSignals } from '../../src/commands/terminal/take-signals.ts'
import { settle } from '../support/clock.ts'

/** A process that goes on when it should have ended, and what it has been through. */
function take({ isHungUp = false, platform = 'linux' } = {}) {
  const codes: number[] = []
  const ending: string[] = []
  const source = Object.assign(new EventEmitter(), {
    platform,
    pid: 7,
    kill: (pid: number, name: string) => ending.push(`${name} to ${pid}, heard by ${source.listenerCount(name)}`),
    exit(code: number) {
      codes.push(code)
      source.emit('exit')
    },
  })
  source.on('exit', () => ending.push('done'))
  const signals = takeSignals(source as never, () => isHungUp)
  return { source, signals, codes, ending }
}

t.test('what nobody listens for has no effect of its own, or ends the process as a shell tells it', async t => {
  const { source, codes } = take()
  for (const name of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) t.ok(source.emit(name), `${name} is listened for`)
  t.strictSame(codes, [])
  for (const name of ['SIGINT', 'SIGTERM', 'SIGBREAK']) source.emit(name)
  t.strictSame(codes, [130, 143, 130])
})

t.test('who listens is told instead, as long as they do', async t => {
  const { source, signals, codes } = take({ isHungUp: true })
  const told: string[] = []
  const names = ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']
  for (const name of names) signals.once(name, () => told.push(name))
  for (const name of names) source.emit(name)
  t.strictSame(told, names)
  t.strictSame(codes, [])
  source.emit('SIGTERM')
  t.strictSame(codes, [143])
})

t.test('the SIGHUP of a closed terminal ends it; any other waits for the first who listens, once', async t => {
  const closed = take({ isHungUp: true })
  closed.source.emit('SIGHUP')
  t.strictSame(closed.codes, [143])
  const { source, signals, codes } = take()
  source.emit('SIGHUP')
  source.emit('SIGHUP')
  let told = 0
  signals.on('SIGTERM', () => {})
  await settle()
  for (let n = 0; n < 2; n++) signals.on('SIGHUP', () => told++)
  t.equal(told, 0, 'not before its listener has all it needs')
  await settle()
  t.equal(told, 2, 'once to each')
  source.emit('SIGHUP')
  t.equal(told, 4)
  t.strictSame(codes, [])
})

t.test('what there is to do at the end is done before the signal comes again, for the system', t => {
  for (const [platform, told] of [
    ['linux', ['done', 'SIGTERM to 7, heard by 0']],
    // there it would end another way
    ['win32', ['done']],
  ] as const) {
    const { source, ending } = take({ platform })
    source.emit('SIGTERM')
    t.strictSame(ending, told, platform)
  }
  t.end()
})
