import { type ExecFileException, execFile } from 'node:child_process'
import { basename } from 'node:path'
import { Secret } from '../kernel/secret.ts'
import type { Credentials } from './config.ts'
import { parseCredentials } from './credential-text.ts'
import { CredentialsError, InvalidValue } from './fault.ts'

/** How long a command may take, in milliseconds. */
const DEADLINE = 10_000

/** How much a command may print, in bytes. */
const MAX_OUTPUT = 64 * 1024

/** How much of a command's complaint is shown, in characters. */
const LONGEST_COMPLAINT = 200

/** Shorter pieces of the output are taken for punctuation and common words, not for a part of a secret. */
const SHORTEST_PIECE = 4

interface Outcome {
  readonly error: ExecFileException | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command without a shell and reads the access key that it prints: as JSON, or id and secret on two lines. Throws
 * a `CredentialsError`, which shows neither the command's arguments nor what it printed on stdout, but the first line on
 * stderr.
 */
export async function runCommand([file = '', ...args]: readonly string[], deadline = DEADLINE): Promise<Credentials> {
  const { error, stdout, stderr } = await outcomeOf(file, args, deadline)
  const name = `the command ${basename(file)}`
  if (error) throw new CredentialsError(`${name} ${reasonOf(error, deadline)}${complaintOf(stderr, stdout)}`)
  return parseOutput(stdout.trim()).catch((error: Error) => {
    throw new CredentialsError(`${name} printed what ${error.message}`)
  })
}

function outcomeOf(file: string, args: readonly string[], timeout: number): Promise<Outcome> {
  const options = { timeout, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL', windowsHide: true } as const
  return new Promise(resolve => {
    const child = execFile(file, args, options, (error, stdout, stderr) => resolve({ error, stdout, stderr }))
    // A command that asks a question gets no answer, and can say so at once.
    child.stdin?.end()
  })
}

function reasonOf({ code, killed, signal }: ExecFileException, deadline: number): string {
  if (code === 'ENOENT') return 'was not found'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_OUTPUT / 1024} KiB`
  if (killed) return `did not end within ${deadline / 1000} s`
  return code === null ? `was ended by ${signal}` : `failed with ${code}`
}

/** The first line on stderr, unless something that was printed for us is repeated in it. */
function complaintOf(stderr: string, stdout: string): string {
  const line = stderr.trim().split('\n', 1).join('').replace(/\p{C}/gu, '').trim()
  const pieces = stdout.split(/[\s"'{}:,]+/).filter(piece => piece.length >= SHORTEST_PIECE)
  return line === '' || pieces.some(piece => line.includes(piece)) ? '' : `: ${line.slice(0, LONGEST_COMPLAINT)}`
}

async function parseOutput(text: string): Promise<Credentials> {
  if (text.startsWith('{')) return parseCredentials(text).credentials
  const [accessKeyId, secretKey, ...more] = text.split(/\s*\n\s*/)
  if (!accessKeyId || !secretKey || more.length > 0) throw new InvalidValue('is neither JSON nor two lines', '')
  return { accessKeyId: new Secret(accessKeyId), secretKey: new Secret(secretKey) }
}
