import { randomUUID } from 'node:crypto'

/** Characters of a UUID that count here, in hexadecimal; those before are random once for this process. */
const COUNTING = 12

const PREFIX = randomUUID().slice(0, -COUNTING)

let count = 0

/** A UUID that no other request has, of any process. Another random one for each would take ten times as long. */
export function newRequestId(): string {
  return PREFIX + (++count).toString(16).padStart(COUNTING, '0')
}
