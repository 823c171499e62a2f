import { basename } from 'node:path'
import { DeadlineError } from '../../kernel/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Credentials } from '../config.ts'
import { CredentialsError, InvalidValue } from '../fault.ts'
import { parseCredentials } from './credential-files.ts'
import { type ProgramResult, runProgram } from './run-program.ts'

/** How long a command may run, in milliseconds. */
const DEADLINE = 10_000

/** How much a command may print, in bytes. */
const MAX_OUTPUT = 64 * 1024

/** How much of a command's error message is shown, in characters. */
const LONGEST_COMPLAINT = 200

/**
 * The shortest piece of output to search for, in characters. A shorter one is punctuation or a common word, not part of
 * a secret.
 */
const SHORTEST_PIECE = 4

/** What separates the words of an error message. */
const BETWEEN_WORDS = /([\s"'`=:;,(){}<>[\]]+)/

/** A word that is as long as a key and consists of the same characters. */
const LIKE_A_KEY = /^(?=.*[A-Za-z])(?=.*\d).{16,}$|^(?=.*[A-Z][a-z]?[A-Z]).{24,}$/

/** A path or URL in lower case whose parts are all too short to be a key. */
const PLACE = /^(?=.*\/)[a-z0-9_-]{0,19}([/.]+[a-z0-9_-]{0,19})*$/

const HIDDEN = '[hidden]'

/** What error messages say about a secret without showing it. */
const HARMLESS = '(?!not found|no such|permission denied|access denied|command not found|is required|is not)'

/** Text after the name of a secret, up to the end of the line, because a secret may contain spaces. */
const NAMED_SECRET = new RegExp(
  `([\\w-]*(?:pass|pwd|secret|token|key|credential)[\\w-]*["']?\\s*(?:=>|[=:])\\s*)${HARMLESS}\\S.*`,
  'i',
)

/** A secret as the value of an option, or in an Authorization header. */
const GIVEN_SECRET = /(-(?:u|-user|-[\w-]*(?:pass|secret|token|key)[\w-]*)\s+|\b(?:basic|bearer)\s+)[^\s'"]+/gi

/** User and password in a URL (RFC 3986, 3.2.1). */
const USER_INFO = /(:\/\/)[^\s/@]+(?=@)/g

/**
 * Runs a command without a shell and reads the access key that it prints: as JSON, or ID and secret key on two lines.
 * The command is killed when `signal` aborts, or after `deadline` milliseconds.
 * @throws {CredentialsError} whose message shows the first line of the command's stderr, with anything that looks like
 * a secret hidden, but neither its arguments nor its stdout
 */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  signal?: AbortSignal,
  deadline = DEADLINE,
): Promise<Credentials> {
  const fail = (reason: string) => {
    throw new CredentialsError(`command ${basename(file)} ${reason}`)
  }
  const bounds = { deadline, maxOutput: MAX_OUTPUT, signal }
  const { end, stdout, stderr } = await runProgram(file, args, bounds).catch(error => {
    signal?.throwIfAborted()
    return fail(error instanceof DeadlineError ? `timed out after ${deadline / 1000} s` : cannotRun(error))
  })
  if (end !== 0) fail(`${reasonOf(end)}${complaintOf(stderr, stdout)}`)
  return parseOutput(stdout.trim()).catch((error: Error) => fail(`printed output that ${error.message}`))
}

function cannotRun({ code }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'not found' : `cannot be run (${code})`
}

function reasonOf(end: ProgramResult['end']): string {
  if (end === 'too-much') return `printed more than ${MAX_OUTPUT / 1024} KiB`
  return typeof end === 'number' ? `failed with exit code ${end}` : `was killed by ${end}`
}

/** Returns the first line of stderr, unless it repeats something from stdout. */
function complaintOf(stderr: string, stdout: string): string {
  const line = stderr.trim().split('\n', 1).join('').replace(/\p{C}/gu, '').trim()
  const pieces = stdout.split(/[\s"'{}:,]+/).filter(piece => piece.length >= SHORTEST_PIECE)
  return line === '' || pieces.some(piece => line.includes(piece)) ? '' : `: ${hide(line).slice(0, LONGEST_COMPLAINT)}`
}

function hide(line: string): string {
  const patterns = [NAMED_SECRET, GIVEN_SECRET, USER_INFO]
  const words = patterns.reduce((text, secret) => text.replace(secret, `$1${HIDDEN}`), line).split(BETWEEN_WORDS)
  return words.map(word => (LIKE_A_KEY.test(word) && !PLACE.test(word) ? HIDDEN : word)).join('')
}

async function parseOutput(text: string): Promise<Credentials> {
  if (text.startsWith('{')) return parseCredentials(text).credentials
  const [accessKeyId, secretKey, ...more] = text.split(/\s*\n\s*/)
  if (!accessKeyId || !secretKey || more.length > 0) throw new InvalidValue('is neither JSON nor two lines', '')
  return { accessKeyId: new Secret(accessKeyId), secretKey: new Secret(secretKey) }
}
