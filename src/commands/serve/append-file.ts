import { closeSync, constants, fstatSync, openSync, type Stats, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { accessOfOthers, type OthersAccess } from '../../kernel/file-access.ts'

/** Only its owner may read a file that is made. */
const MODE = 0o600

/** At the end of what is there, whoever else appends or truncates. No link is followed, and no pipe waited for. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** In a folder with this bit, such as `/tmp`, nobody may remove or rename the files of others. */
const STICKY = 0o1000

const LINE_END = '\n'

const NOT_REGULAR = 'is not a regular file: name another'

/** What it means for the file where it cannot be opened. */
const REASONS: Readonly<Record<string, string>> = {
  ELOOP: 'is a symbolic link, which can lead elsewhere: name the file itself',
  ENXIO: NOT_REGULAR,
  EISDIR: 'is a folder: name a file in it',
}

/** Lines could not be written, and are lost. The message is the system's word for why. */
export class LostLines extends Error {
  override readonly name = 'LostLines'
  readonly count: number

  constructor(count: number, why: string) {
    super(why)
    this.count = count
  }
}

/** Writes bytes from one of them on, and gives how many it could. @throws an Error with the system's code */
type Write = (file: number, bytes: Uint8Array, from: number) => number

export interface AppendFileOptions {
  /** Default: that of Node.js. */
  readonly write?: Write
  /** Whose the file should be. Default: this process's user. */
  readonly user?: number | undefined
}

/** A file that whole lines are appended to. */
export class AppendFile {
  /** What other users can do about the file that they should not, without being able to write it. */
  readonly warnings: readonly string[]
  readonly #file: number
  readonly #write: Write
  /** Whether the last line that was written lacks its end. */
  #isTorn = false

  /** Opens a file, or makes one. @throws an Error that says why it cannot, or must not, be written */
  constructor(path: string, { write = writeSync, user }: AppendFileOptions = {}) {
    this.#write = write
    this.#file = openToAppend(path)
    try {
      this.warnings = judge(path, fstatSync(this.#file), user)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /** Writes lines, each with its end. @throws {LostLines} where not all could be written */
  write(lines: string): void {
    const start = this.#isTorn ? LINE_END : ''
    const bytes = Buffer.from(start + lines)
    let written = 0
    try {
      while (written < bytes.length) written += this.#write(this.#file, bytes, written)
      this.#isTorn = false
    } catch (error) {
      const kept = bytes.toString('utf8', start.length, written)
      if (written > 0) this.#isTorn = kept !== '' && !kept.endsWith(LINE_END)
      throw new LostLines(countLines(lines) - countLines(kept), `${(error as NodeJS.ErrnoException).code}`)
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** How many lines end in a text. */
export function countLines(text: string): number {
  return text.split(LINE_END).length - 1
}

function openToAppend(path: string): number {
  try {
    return openSync(path, FLAGS, MODE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = REASONS[`${code}`]
    throw new Error(
      reason ? `${path} ${reason}` : `${path} cannot be written (${code}): name a file in a folder of yours`,
    )
  }
}

/** Gives warnings about a file that may be written to. @throws an Error about one that must not be */
function judge(path: string, file: Stats, user?: number): string[] {
  if (file.isCharacterDevice()) return [`${path} is a device: what is written there may not be kept`]
  const refusal = refusalOf(file, accessOfOthers(file, user))
  if (refusal) throw new Error(`${path} ${refusal}`)
  const folder = statSync(dirname(path))
  const ofFolder = accessOfOthers(folder)
  const isOpen = ofFolder.owned || (ofFolder.writable && (folder.mode & STICKY) === 0)
  return [
    ...(accessOfOthers(file).readable ? [`${path} can be read by other users: chmod 600 it`] : []),
    ...(isOpen ? [`${path} can be replaced by other users, who may write to its folder`] : []),
  ]
}

function refusalOf(file: Stats, { owned, writable }: OthersAccess): string | undefined {
  if (!file.isFile()) return NOT_REGULAR
  if (file.nlink > 1) return 'has another name, a hard link, by which it may be what others chose: name another'
  if (owned) return 'belongs to another user, who can change it: name another'
  return writable ? 'can be written by other users: chmod 600 it' : undefined
}
