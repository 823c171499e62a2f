import type { Stats } from 'node:fs'
import { geteuid } from 'node:process'

/** Who runs this process; undefined on Windows, where owner and mode of a file do not tell who may use it. */
const OWN_USER = geteuid?.()

const ROOT = 0

/** Permissions of the group and of everybody else, as in `chmod`. */
const GROUP_READS = 0o040
const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o022

/** What users other than this process's own, and root, may do with a file or folder. */
export interface OthersAccess {
  /** It belongs to one of them, who can give themselves every right. */
  readonly owned: boolean
  readonly readable: boolean
  readonly writable: boolean
}

/**
 * Tells from a file's owner and mode what other users may do with it. Its group counts as others, unless it is by its
 * group that this process may read what is not its own.
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
