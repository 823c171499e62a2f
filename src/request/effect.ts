import { isSafe } from '../http/methods.ts'
import { type RequestEffect, stronger } from '../operations/operation.ts'
import { OPERATIONS } from '../operations/operations.ts'

/**
 * Returns what a request does, or the strongest of its effects if the API may read its path in several ways. `paths` are
 * these readings. A request that no API description has reads if its method is safe.
 */
export function effectOf(method: string, paths: readonly string[]): RequestEffect {
  const otherwise = isSafe(method) ? 'read' : 'unknown'
  const effects = paths.map((path): RequestEffect => OPERATIONS.find(method, path)?.effect ?? otherwise)
  return effects.reduce(stronger)
}

/** Whether a request with this effect may be made by those who may only read: it changes nothing that exists. */
export function isHarmless(effect: RequestEffect): boolean {
  return effect === 'read' || effect === 'export'
}
