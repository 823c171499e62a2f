import { NO_LOSSES } from '../../fleet/world/shaky-store.ts'
import { MINUTE, SECOND } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'
import type { FleetLife } from './life.ts'
import type { Mood } from './vendor.ts'

/** What can go wrong, and how long it lasts, in milliseconds. */
export interface Fault {
  readonly lasts?: readonly [number, number]
  /** Begins it, and returns what ends it. */
  readonly begin: (life: FleetLife, random: Random) => (() => void) | undefined
}

/** Something that happens in a moment. */
const moment = (happen: (life: FleetLife, random: Random) => void): Fault['begin'] => {
  return (life, random) => {
    happen(life, random)
    life.peace.disturb()
    return undefined
  }
}

const mood = (is: Mood): Fault['begin'] => {
  return ({ vendor, weather }) => {
    vendor.mood = is
    const recover = weather.fails()
    return () => {
      recover()
      if (vendor.mood === is) vendor.mood = 'good'
    }
  }
}

const storeGone = (comeBack: (life: FleetLife, random: Random) => () => void): Fault['begin'] => {
  return (life, random) => {
    const back = comeBack(life, random)
    life.store.leave()
    const recover = life.peace.fails()
    return () => {
      back()
      life.store.return()
      recover()
    }
  }
}

/** The faults of a fleet, by name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'store: lossy': {
    lasts: [5 * SECOND, 40 * SECOND],
    begin: ({ store, peace }, random) => {
      store.losses = { request: 0.03, reply: 0.03, late: random.pick([0, 0.1]), news: random.pick([0.1, 1]) }
      const recover = peace.fails()
      return () => {
        store.losses = NO_LOSSES
        recover()
      }
    },
  },
  'store: hung': {
    lasts: [SECOND, 20 * SECOND],
    begin: ({ store, peace }) => {
      store.isHung = true
      const recover = peace.fails()
      return () => {
        store.isHung = false
        recover()
      }
    },
  },
  'store: gone for a while': { lasts: [SECOND, 40 * SECOND], begin: storeGone(() => () => {}) },
  'store: restarted empty': {
    lasts: [SECOND, 20 * SECOND],
    begin: storeGone(
      ({ store }) =>
        () =>
          store.store.flush(),
    ),
  },
  'store: failed over': {
    lasts: [SECOND, 5 * SECOND],
    begin: storeGone(({ store }) => store.olderState),
  },
  'store: flushed': { begin: moment(({ store }) => store.store.flush()) },
  'store: clock set': {
    begin: moment((life, random) => life.setStoreClock(random.pick([-1, 1]) * random.spread(SECOND, 5 * MINUTE))),
  },
  'member: cut off': {
    lasts: [SECOND, 30 * SECOND],
    begin: (life, random) => {
      const { machine } = life.pick(random)
      life.store.cut(machine)
      const recover = life.peace.fails()
      return () => {
        life.store.mend(machine)
        recover()
      }
    },
  },
  'member: stalled': { begin: (life, random) => void life.stall(life.pick(random), random.spread(2, 40) * SECOND) },
  'member: killed': { begin: (life, random) => void life.kill(life.pick(random)) },
  'member: left': { begin: (life, random) => void life.leave(life.pick(random)) },
  'member: joined': { begin: life => void life.join() },
  'vendor: revoked': {
    begin: ({ vendor, weather }, random) => {
      vendor.revokeAll(random.chance(0.7))
      weather.disturb()
      return undefined
    },
  },
  'vendor: slow': { lasts: [5 * SECOND, 30 * SECOND], begin: mood('slow') },
  'vendor: throttling': { lasts: [5 * SECOND, 30 * SECOND], begin: mood('throttling') },
  'vendor: unreachable': { lasts: [5 * SECOND, 30 * SECOND], begin: mood('unreachable') },
  'vendor: hanging': { lasts: [5 * SECOND, 30 * SECOND], begin: mood('hanging') },
  'key: rotated': { begin: life => void life.rotate() },
}
