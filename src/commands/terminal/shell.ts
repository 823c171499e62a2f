import { platform } from 'node:os'

/**
 * Quotes a path for a command to paste into a shell: a POSIX shell, or any shell on Windows, where paths contain no
 * double quotes.
 */
export function shellQuoted(text: string, system: NodeJS.Platform = platform()): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return system === 'win32' ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`
}
