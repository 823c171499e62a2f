import { InvalidValue, MalformedValue } from '../../config/fault.ts'
import { readCommand } from '../../config/schema/readers.ts'
import type { Flag } from '../../kernel/arguments.ts'
import { nearest } from '../../kernel/nearest.ts'
import { isPublished, resolveApi } from '../../stacks/resolve.ts'
import { stacks } from '../../stacks/stacks.ts'

/** The longest row of names, in characters. */
const LONGEST_ROW = 72

/** Where the access key is. */
export type KeyPlace = 'files' | 'environment' | 'credentials-file' | 'command'

/** What `config init` must know to write a file. */
export interface Answers {
  /** The name of the stack, or the base URL of an API. */
  readonly url: string
  readonly accessKey: KeyPlace
  /** The command that prints the access key; null unless that is where the key is. */
  readonly command: readonly string[] | null
  readonly usedBy: 'this-machine' | 'others'
  readonly access: 'read-only' | 'read-write'
}

/** A question, as it is asked on a terminal or answered by a flag. */
export interface Question<T> {
  /** The flag that answers it in advance. */
  readonly flag: Flag
  /** What is asked, in one line. */
  readonly text: string
  /** Lines that help to answer. */
  readonly help: readonly string[]
  /** What an empty line means; null if it must be answered. */
  readonly standard: string | null
  /**
   * Reads an answer.
   * @throws {InvalidValue} or a `StackError`
   */
  read(answer: string): T
}

/** Which API the requests go to. */
export const URL_QUESTION: Question<string> = {
  flag: {
    name: '--url',
    kind: 'value',
    placeholder: 'URL',
    text: 'Name of the stack, or URL of its console or API.',
    completes: 'stacks',
  },
  text: 'Which stack? Its name, or the URL of its console or API.',
  help: rowsOf(stacks.map(({ name }) => name)),
  standard: null,
  read: readUrl,
}

/** Where the access key is. */
export const KEY_QUESTION: Question<KeyPlace> = choice(
  { name: '--access-key', placeholder: 'PLACE', text: 'Where the access key is.' },
  'Where is the access key?',
  [
    ['files', 'one file with the access key ID, and one with the secret key'],
    ['environment', 'the variables PC_IDENTITY and PC_SECRET'],
    ['credentials-file', "~/.prismacloud/credentials.json, as Prisma Cloud's SDK writes it"],
    ['command', 'a command prints it, such as that of a password manager'],
  ],
)

/** Which command prints the access key. */
export const COMMAND_QUESTION: Question<readonly string[]> = {
  flag: {
    name: '--credential-command',
    kind: 'value',
    placeholder: 'LIST',
    text: 'Command that prints the access key, with its arguments, for --access-key command.',
  },
  text: 'Which command prints the access key ID and the secret key, as JSON or on two lines?',
  help: ['It runs without a shell. Write words separated by spaces, or a list: ["op", "read", "op://…"]'],
  standard: null,
  read: readWords,
}

/** Asks whether only programs on this machine use the proxy, or other machines, too. */
export const USERS_QUESTION: Question<Answers['usedBy']> = choice(
  { name: '--used-by', placeholder: 'WHO', text: 'Who uses the proxy; others get a token.' },
  'Who uses the proxy?',
  [
    ['this-machine', 'programs on this machine'],
    ['others', 'other machines, too; each client needs the token that is generated'],
  ],
)

/** Which requests are allowed. */
export const ACCESS_QUESTION: Question<Answers['access']> = choice(
  { name: '--access', placeholder: 'WORD', text: 'Which requests are allowed.' },
  'Which requests are allowed?',
  [
    ['read-only', 'those that only read or export'],
    ['read-write', 'all that the access key permits'],
  ],
)

type Option<Word> = readonly [word: Word, meaning: string]

/** Makes a question with some words to choose from, by name or number. The first one is meant by an empty line. */
function choice<Word extends string>(
  flag: Pick<Flag, 'name' | 'placeholder' | 'text'>,
  text: string,
  options: readonly [Option<Word>, ...Option<Word>[]],
): Question<Word> {
  const words = options.map(([word]) => word)
  const width = Math.max(...words.map(word => word.length)) + 2
  const read = (answer: string) => {
    const word = words.find((word, index) => answer === word || answer === `${index + 1}`)
    if (word !== undefined) return word
    const meant = nearest(answer, words)
    throw new MalformedValue(
      'invalid answer',
      meant ? `did you mean ${meant}?` : `expected one of: ${words.join(', ')}`,
    )
  }
  const help = options.map(([word, meaning], index) => `${index + 1}  ${word.padEnd(width)}${meaning}`)
  return { flag: { ...flag, kind: 'value', choices: words }, text, help, standard: options[0][0], read }
}

function readUrl(answer: string): string {
  const api = resolveApi(answer)
  if (api.stack === null) return api.origin + api.basePath
  if (isPublished(api)) return api.stack
  const meant = nearest(
    api.stack,
    stacks.map(({ name }) => name),
  )
  const otherwise = '(if the stack is new, write its name into the file yourself)'
  throw new InvalidValue('is not a stack that this version knows', `did you mean ${meant}? ${otherwise}`)
}

function readWords(answer: string): readonly string[] {
  if (answer.startsWith('[')) return readCommand(answer)
  if (/["'\\$|]/.test(answer))
    throw new InvalidValue('has quotes or other characters that only a shell understands', 'write a list instead')
  return readCommand(answer.split(/\s+/).filter(word => word !== ''))
}

function rowsOf(names: readonly string[]): string[] {
  const rows: string[] = []
  for (const name of names) {
    const last = rows.pop()
    const longer = last === undefined ? name : `${last}  ${name}`
    if (last === undefined || longer.length <= LONGEST_ROW) rows.push(longer)
    else rows.push(last, name)
  }
  return rows
}
