import { Secret } from '../../../src/kernel/secret.ts'
import type { ShakyStore } from '../../fleet/world/shaky-store.ts'
import { KEY_ID, TENANT } from './member.ts'
import type { Vendor } from './vendor.ts'

export const OLD_KEY = 'the-secret-key-before-the-rotation'
export const NEW_KEY = 'the-secret-key-after-the-rotation'

/** The secrets and names that the store has, or that were said to it, in any encoding. */
export function secretsIn(store: ShakyStore, vendor: Vendor): Secret[] {
  const all = `${store.store.dump()} ${[...store.traffic].join(' ')}`
  const names = [TENANT, KEY_ID, OLD_KEY, NEW_KEY].map(text => new Secret(text))
  const tokens = [...vendor.tokens].map(({ secret }) => secret)
  return [...names, ...tokens.slice(-3)].filter(secret => secret.finder()(all))
}
