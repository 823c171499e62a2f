/** Thrown if the store cannot be used, for a reason that no library reports. The message is for people. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** What replies say if the user of Redis lacks a permission; before Redis 7.2, those of scripts have no code. */
export const DENIED = /\bNOPERM\b|user executing the script can't/

/** What servers, and front ends of servers, say to a command that they do not allow. */
export const FORBIDDEN = /unknown (?:sub)?command|unsupported command|is not (?:allowed|supported|permitted)/i

/** The first word of replies that mean that no script can be run for now, although the server responds. */
const UNUSABLE = /\b(?:READONLY|OOM|NOAUTH|WRONGPASS|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|BUSY)\b/

/** Whether an error of a script says that other scripts will fail, too, until something changes in the store. */
export function meansUnusable({ message }: Error): boolean {
  return UNUSABLE.test(message) || DENIED.test(message)
}
