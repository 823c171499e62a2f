import type { CredentialSource, Credentials } from '../config/config.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'

/** The longest time to read an access key, in milliseconds: more than the timeout of a `command` source. */
const READ_TIMEOUT = 15_000

/** Reads an access key. Rejects after 15 s at the latest, even if the source never answers. */
export function readKey(source: CredentialSource, clock: Clock, signal?: AbortSignal): Promise<Credentials> {
  return withDeadline(clock, READ_TIMEOUT, signal, deadline => source.read(deadline))
}

/** Whether two access keys have the same id and secret. Compares in constant time. */
export function isSameKey(one: Credentials, other: Credentials): boolean {
  return one.accessKeyId.equals(other.accessKeyId) && one.secretKey.equals(other.secretKey)
}
