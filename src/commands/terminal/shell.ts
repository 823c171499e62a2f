import { platform } from 'node:os'

/** A text as a POSIX shell takes it for one word; on Windows, where no path has a double quote, as each of its shells does. */
export function shellQuoted(text: string, system: NodeJS.Platform = platform()): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return system === 'win32' ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`
}
