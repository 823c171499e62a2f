import type { Stats } from 'node:fs'
import { geteuid } from 'node:process'

/** The user id of this process. Undefined on Windows, where owner and mode do not say who may use a file. */
const OWN_USER = geteuid?.()

const ROOT = 0

/** Mode bits of the group and of all other users, as in `chmod`. */
const GROUP_READS = 0o040
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o022

/** What users other than root and the user of this process may do with a file or folder. */
export interface OthersAccess {
  /** Whether one of them owns it. An owner can grant every permission. */
  readonly owned: boolean
  readonly readable: boolean
  readonly writable: boolean
}

/**
 * Returns what other users may do with a file, according to its owner and mode. Group members count as other users,
 * with one exception: a file of another owner may be readable by its group, because this process may need the group to
 * read it. On Windows every member is false.
 */
export function accessOfOthers(
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
  user: number | null | undefined = OWN_USER,
): OthersAccess {
  const isKnown = typeof user === 'number'
  return {
    owned: isKnown && uid !== user && uid !== ROOT,
    readable: isKnown && (mode & (uid === user ? GROUP_READS | OTHERS_READ : OTHERS_READ)) !== 0,
    writable: isKnown && (mode & OTHERS_WRITE) !== 0,
  }
}
