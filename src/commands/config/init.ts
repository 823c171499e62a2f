import { randomBytes } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, parse, resolve } from 'node:path'
import { type Flag, readArguments } from '../../kernel/arguments.ts'
import type { Description } from '../command.ts'
import { ExitCode, fail, type Host } from '../host.ts'
import { shellQuoted } from '../terminal/shell.ts'
import { untilSignal } from '../terminal/signal.ts'
import type { Answers } from './answers.ts'
import { ANSWER_FLAGS, collectAnswers } from './ask.ts'
import { type NamedFiles, renderConfig } from './template.ts'
import { existing, writeNewFiles } from './write-new-files.ts'

const DEFAULT_FILE = 'prismacloud-proxy.yaml'

const FLAGS: readonly Flag[] = [
  { name: '--file', kind: 'value', placeholder: 'FILE', text: 'File to write.', default: DEFAULT_FILE },
  ...ANSWER_FLAGS,
]

/** What `config init` does. */
export const INIT: Description = {
  summary: 'Ask four questions, and write a commented configuration file',
  usage: ['config init [--file FILE] [ANSWERS]'],
  paragraphs: [
    'Asks four questions and writes a commented configuration file that only this user can read. It overwrites nothing. Answers can be given in advance; without a terminal all four are required.',
  ],
  flags: FLAGS,
  examples: [
    { purpose: 'Answer the questions on the terminal', line: 'prismacloud-proxy config init' },
    {
      purpose: 'Answer them in advance',
      line: 'prismacloud-proxy config init --url app2 --access-key environment --used-by this-machine --access read-only',
    },
  ],
}

/** The size of a generated client token, in bytes. */
const TOKEN_SIZE = 24

/** Asks four questions, and writes a configuration file and, for other machines, a client token. Returns the exit code. */
export async function initConfig(host: Host): Promise<number> {
  const given = new Map(readArguments(host.args, FLAGS))
  const path = resolve(given.get('--file') ?? DEFAULT_FILE)
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isThere) return fail(host, existing(path))
  const answers = await collectAnswers(host, given)
  if (answers === undefined) return fail(host, new Error('\naborted; nothing was written'))
  const files = filesBeside(path, host.homeDirectory)
  const texts = new Map([[path, renderConfig(answers, files, hostname())]])
  // first, so that there is no configuration without it
  const token: [string, string][] = answers.usedBy === 'others' ? [[files.clientToken, makeToken()]] : []
  // from here on a signal must not end the process with half of the files written
  void untilSignal(host)
  const failure = await writeNewFiles(new Map([...token, ...texts])).catch((error: Error) => error)
  if (failure) return fail(host, failure)
  host.stdout.write(nextSteps(path, answers, files))
  return ExitCode.good
}

function filesBeside(path: string, homeDirectory: string): NamedFiles {
  const { dir, name } = parse(path)
  return {
    accessKeyId: join(dir, `${name}.access-key-id`),
    secretKey: join(dir, `${name}.secret-key`),
    clientToken: join(dir, `${name}.client-token`),
    credentials: join(homeDirectory, '.prismacloud', 'credentials.json'),
  }
}

function makeToken(): string {
  return `${randomBytes(TOKEN_SIZE).toString('base64url')}\n`
}

function nextSteps(path: string, { accessKey, usedBy }: Answers, files: NamedFiles): string {
  const written = usedBy === 'others' ? `${path} and the client token ${files.clientToken}` : path
  const steps = {
    files: `Write the access key ID to ${files.accessKeyId} and the secret key to ${files.secretKey},
and run chmod 600 on both.`,
    environment: 'Set PC_IDENTITY to the access key ID, and PC_SECRET to the secret key.',
    'credentials-file': `The access key is read from ${files.credentials}.`,
    command: 'The access key is read from the command.',
  }
  return `
Wrote ${written}.

${steps[accessKey]}
Then run:

  prismacloud-proxy check --config ${shellQuoted(path)}
`
}
