import { readFileSync } from 'node:fs'
import t from 'tap'
import { next, type SessionEvent, type SessionState, transitions } from '../../src/session/states.ts'
import { EXTENSION, IDLE_AFTER, NAMED, type Rig, rig, WAIT_TIMEOUT } from './rig.ts'

const EVENTS: readonly SessionEvent[] = ['called', 'issued', 'failed', 'refused', 'postponed', 'rested', 'closed']

const table = Object.entries(transitions).flatMap(([from, events]) =>
  Object.entries(events).map(([event, to]) => `${from} --> ${to}: ${event}`),
)

t.test('the diagram shows exactly the transitions of the table', async t => {
  const source = readFileSync(new URL('../../src/session/states.ts', import.meta.url), 'utf8')
  const drawn = [...source.matchAll(/^ \* {3}([a-z].*-->.*:.*)$/gm)].map(([, line]) => line)
  t.strictSame(drawn.toSorted(), table.toSorted())
})

t.test('an event leads to the state in the table, and throws if there is none', async t => {
  for (const [from, events] of Object.entries(transitions) as [SessionState, Partial<Record<SessionEvent, string>>][]) {
    for (const event of EVENTS) {
      const to = events[event]
      if (to !== undefined) t.equal(next(from, event), to)
      else t.throws(() => next(from, event), { message: `invalid session event: ${event} in state ${from}` })
    }
  }
})

/** What can happen to a session, which together covers all transitions. */
const stories: readonly ((rig: Rig, settings: { idleAfter: number }) => unknown)[] = [
  ({ session }) => session.close(),
  ({ session }) => {
    session.renew()
    session.close()
  },
  async ({ session, start, clock, grant }) => {
    await start()
    await clock.advance(EXTENSION)
    await grant()
    session.close()
  },
  async ({ start, clock }, settings) => {
    settings.idleAfter = 0
    await start()
    await clock.advance(EXTENSION)
  },
  async ({ session, refuse, clock, grant }) => {
    session.renew()
    await refuse('transient')
    await clock.advance(250)
    await grant()
  },
  async ({ session, refuse, clock, grant }) => {
    session.renew()
    await refuse('rejected')
    await clock.advance(600_000)
    await grant()
  },
  async ({ session, start, grant }) => {
    await start()
    for (let n = 0; n < 2; n++) {
      session.invalidate(await session.acquire(), NAMED)
      await grant()
    }
    session.invalidate(await session.acquire(), NAMED)
    session.close()
  },
  async ({ session, refuse }) => {
    session.renew()
    await refuse('rejected')
    session.close()
  },
]

t.test('a session takes exactly the transitions of the table', async t => {
  const walked = new Set<string>()
  for (const story of stories) {
    const settings = { waitTimeout: WAIT_TIMEOUT, idleAfter: IDLE_AFTER }
    const at = rig(t, { settings: () => settings })
    await story(at, settings)
    for (const line of at.told) walked.add(/^.* → [a-z-]+(?=:)/.exec(line)?.[0] ?? '')
  }
  walked.delete('')
  t.strictSame([...walked].toSorted(), table.map(line => line.replace(' --> ', ' → ').replace(/:.*/, '')).toSorted())
})
