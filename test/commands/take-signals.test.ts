import { EventEmitter } from 'node:events'
import t from 'tap'
import { takeSignals } from '../../src/commands/take-signals.ts'
import { settle } from '../support/clock.ts'

function take({ isHungUp = false } = {}) {
  const source = new EventEmitter()
  const codes: number[] = []
  const signals = takeSignals(source, { isHungUp: () => isHungUp, exit: code => codes.push(code) })
  return { source, signals, codes }
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
