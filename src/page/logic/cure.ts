import { problemTypes } from '../../problem/catalogue.ts'

/** How to fix a problem of this type; undefined for a type that this page does not know. */
export function cureOf(type: string): string | undefined {
  return Object.entries(problemTypes).find(([name]) => name === type)?.[1].cure
}
