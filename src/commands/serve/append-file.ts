import { closeSync, constants, fstatSync, openSync, type Stats, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { accessOfOthers, type OthersAccess } from '../../kernel/file-access.ts'

/** The mode of new files: only their owner can read and write them. */
const MODE = 0o600

/**
 * Flags for opening the file. O_APPEND keeps lines whole even if other processes append to the file or truncate it.
 * Symbolic links are not followed, and opening a pipe does not block.
 */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The sticky bit. In a folder that has it, such as `/tmp`, users cannot remove or rename the files of others. */
const STICKY = 0o1000

const LINE_END = '\n'

const NOT_REGULAR = 'is not a regular file; choose another'

/** Explanations of the errors of open(2) for the file. */
const REASONS: Readonly<Record<string, string>> = {
  ELOOP: 'is a symbolic link, which others could redirect; give the path of the file itself',
  ENXIO: NOT_REGULAR,
  EISDIR: 'is a folder; give the path of a file in it',
}

/** Thrown if lines could not be written and are lost. The message is the reason, such as `ENOSPC`. */
export class LostLines extends Error {
  override readonly name = 'LostLines'
  readonly count: number

  constructor(count: number, why: string) {
    super(why)
    this.count = count
  }
}

/**
 * Writes the bytes from index `from` on, and returns how many were written. Throws an Error with the system's `code`.
 */
type Write = (file: number, bytes: Uint8Array, from: number) => number

/** Replacements that tests give an {@link AppendFile}. */
export interface AppendFileOptions {
  /** Writes to a file descriptor. Default: `fs.writeSync`. */
  readonly write?: Write
  /** The user id that the file must belong to. Default: the user of this process. */
  readonly user?: number | undefined
}

/** A file to which whole lines are appended, and which no other user can change. */
export class AppendFile {
  /**
   * Warnings, as sentences for the log, about what is unsafe in the file or its folder although nobody else can write
   * to the file.
   */
  readonly warnings: readonly string[]
  readonly #file: number
  readonly #write: Write
  /** Whether only part of the last line was written, without its line feed. */
  #isTorn = false

  /**
   * Opens or creates a file. Throws an Error that says why the file cannot be written, or why writing to it is not
   * safe.
   */
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

  /** Writes lines, each of which ends with a line feed. Throws {@link LostLines} if not all could be written. */
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

/** The number of complete lines in a text. */
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
      reason
        ? `${path} ${reason}`
        : `cannot write to ${path} (${code}); choose a file in a folder that you can write to`,
    )
  }
}

/** Returns warnings about an open file. Throws an Error if it is not safe to write to. */
function judge(path: string, file: Stats, user?: number): string[] {
  if (file.isCharacterDevice()) return [`${path} is a device; what is written to it may be lost`]
  const refusal = refusalOf(file, accessOfOthers(file, user))
  if (refusal) throw new Error(`${path} ${refusal}`)
  const folder = statSync(dirname(path))
  const ofFolder = accessOfOthers(folder)
  const isOpen = ofFolder.owned || (ofFolder.writable && (folder.mode & STICKY) === 0)
  return [
    ...(accessOfOthers(file).readable ? [`other users can read ${path}; restrict it with chmod 600`] : []),
    ...(isOpen ? [`other users can replace ${path}, because they can write to its folder`] : []),
  ]
}

function refusalOf(file: Stats, { owned, writable }: OthersAccess): string | undefined {
  if (!file.isFile()) return NOT_REGULAR
  if (file.nlink > 1)
    return 'has several hard links, so it may be a file that others linked to this path; choose another'
  if (owned) return 'belongs to another user, who can change it; choose another'
  return writable ? 'can be written by other users; restrict it with chmod 600' : undefined
}
