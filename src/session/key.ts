import type { CredentialSource, Credentials } from '../config/config.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'

/** How long reading an access key may take, in milliseconds: more than a command's own deadline. */
const READ_TIMEOUT = 15_000

/** Reads an access key; whatever it is read from, this ends. */
export function readKey(source: CredentialSource, clock: Clock, signal?: AbortSignal): Promise<Credentials> {
  return withDeadline(clock, READ_TIMEOUT, signal, deadline => source.read(deadline))
}

/** Whether two access keys are the same. */
export function isSameKey(one: Credentials, other: Credentials): boolean {
  return one.accessKeyId.equals(other.accessKeyId) && one.secretKey.equals(other.secretKey)
}
