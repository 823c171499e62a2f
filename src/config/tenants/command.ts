import { basename } from 'node:path'
import { DeadlineError } from '../../kernel/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Credentials } from '../config.ts'
import { CredentialsError, InvalidValue } from '../fault.ts'
import { parseCredentials } from './credential-files.ts'
import { type ProgramResult, runProgram } from './run-program.ts'

/** How long a command may take, in milliseconds. */
const DEADLINE = 10_000

/** How much a command may print, in bytes. */
const MAX_OUTPUT = 64 * 1024

/** How much of a command's complaint is shown, in characters. */
const LONGEST_COMPLAINT = 200

/** Shorter pieces of the output are taken for punctuation and common words, not for a part of a secret. */
const SHORTEST_PIECE = 4

/** What stands between the words of a complaint. */
const BETWEEN_WORDS = /([\s"'`=:;,(){}<>[\]]+)/

/** A word as long as a key, of what keys are made of. */
const LIKE_A_KEY = /^(?=.*[A-Za-z])(?=.*\d).{16,}$|^(?=.*[A-Z][a-z]?[A-Z]).{24,}$/

/** A path or URL whose parts are too short for a key, in lower case, as keys are not. */
const PLACE = /^(?=.*\/)[a-z0-9_-]{0,19}([/.]+[a-z0-9_-]{0,19})*$/

const HIDDEN = '[hidden]'

/** What a complaint says of a secret without telling it. */
const HARMLESS = '(?!not found|no such|permission denied|access denied|command not found|is required|is not)'

/** What is said to be a secret, up to the end of the line: it may have spaces. */
const NAMED_SECRET = new RegExp(
  `([\\w-]*(?:pass|pwd|secret|token|key|credential)[\\w-]*["']?\\s*(?:=>|[=:])\\s*)${HARMLESS}\\S.*`,
  'i',
)

/** The same as an option and in a header. */
const GIVEN_SECRET = /(-(?:u|-user|-[\w-]*(?:pass|secret|token|key)[\w-]*)\s+|\b(?:basic|bearer)\s+)[^\s'"]+/gi

/** Name and password in a URL (RFC 3986, 3.2.1). */
const USER_INFO = /(:\/\/)[^\s/@]+(?=@)/g

/**
 * Runs a command without a shell and reads the access key that it prints: as JSON, or id and secret on two lines. Throws
 * a `CredentialsError`, which shows neither the command's arguments nor what it printed on stdout, but the first line on
 * stderr, without what looks like a secret. It is killed when `signal` aborts, or after `deadline` milliseconds.
 */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  signal?: AbortSignal,
  deadline = DEADLINE,
): Promise<Credentials> {
  const name = `the command ${basename(file)}`
  const fail = (reason: string) => {
    throw new CredentialsError(`${name} ${reason}`)
  }
  const bounds = { deadline, maxOutput: MAX_OUTPUT, signal }
  const { end, stdout, stderr } = await runProgram(file, args, bounds).catch(error => {
    signal?.throwIfAborted()
    return fail(error instanceof DeadlineError ? `did not end within ${deadline / 1000} s` : cannotRun(error))
  })
  if (end !== 0) fail(`${reasonOf(end)}${complaintOf(stderr, stdout)}`)
  return parseOutput(stdout.trim()).catch((error: Error) => fail(`printed what ${error.message}`))
}

function cannotRun({ code }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'was not found' : `cannot be run (${code})`
}

function reasonOf(end: ProgramResult['end']): string {
  if (end === 'too-much') return `printed more than ${MAX_OUTPUT / 1024} KiB`
  return typeof end === 'number' ? `failed with ${end}` : `was ended by ${end}`
}

/** The first line on stderr, unless something that was printed for us is repeated in it. */
function complaintOf(stderr: string, stdout: string): string {
  const line = stderr.trim().split('\n', 1).join('').replace(/\p{C}/gu, '').trim()
  const pieces = stdout.split(/[\s"'{}:,]+/).filter(piece => piece.length >= SHORTEST_PIECE)
  return line === '' || pieces.some(piece => line.includes(piece)) ? '' : `: ${hide(line).slice(0, LONGEST_COMPLAINT)}`
}

function hide(line: string): string {
  const told = [NAMED_SECRET, GIVEN_SECRET, USER_INFO]
  const words = told.reduce((text, secret) => text.replace(secret, `$1${HIDDEN}`), line).split(BETWEEN_WORDS)
  return words.map(word => (LIKE_A_KEY.test(word) && !PLACE.test(word) ? HIDDEN : word)).join('')
}

async function parseOutput(text: string): Promise<Credentials> {
  if (text.startsWith('{')) return parseCredentials(text).credentials
  const [accessKeyId, secretKey, ...more] = text.split(/\s*\n\s*/)
  if (!accessKeyId || !secretKey || more.length > 0) throw new InvalidValue('is neither JSON nor two lines', '')
  return { accessKeyId: new Secret(accessKeyId), secretKey: new Secret(secretKey) }
}
