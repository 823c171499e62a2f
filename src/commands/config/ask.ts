import { describe, type InvalidValue, quote } from '../../config/fault.ts'
import { type Flag, UsageError } from '../../kernel/arguments.ts'
import type { StackError } from '../../stacks/error.ts'
import type { Host } from '../host.ts'
import { isInteractive, openPrompt, type Prompt } from '../terminal/prompt.ts'
import {
  ACCESS_QUESTION,
  type Answers,
  COMMAND_QUESTION,
  KEY_QUESTION,
  type Question,
  URL_QUESTION,
  USERS_QUESTION,
} from './answers.ts'

/** The four questions that are always asked. */
const QUESTIONS = [URL_QUESTION, KEY_QUESTION, USERS_QUESTION, ACCESS_QUESTION]

/** The flags that answer questions in advance. */
export const ANSWER_FLAGS: readonly Flag[] = [...QUESTIONS, COMMAND_QUESTION].map(({ flag }) => flag)

/** Answers that are given in advance, by their flags. */
type Given = ReadonlyMap<string, string>

/**
 * Returns the answers that `given` has in advance, and asks for the others on the terminal. Resolves to undefined if
 * the input ends before the last answer.
 * @throws {UsageError} for an invalid answer in advance, or without a terminal if one is missing
 */
export async function collectAnswers(host: Host, given: Given): Promise<Answers | undefined> {
  for (const question of [...QUESTIONS, COMMAND_QUESTION]) readGiven<unknown>(question, given)
  if (!isInteractive(host)) refuseMissing(QUESTIONS, given)
  const prompt = openPrompt(host)
  return answersFrom(host, given, prompt)
    .catch(unlessEnded)
    .finally(() => prompt.close())
}

async function answersFrom(host: Host, given: Given, prompt: Prompt): Promise<Answers> {
  const answerTo = async <T>(question: Question<T>) => readGiven(question, given) ?? ask(question, prompt, host)
  const url = await answerTo(URL_QUESTION)
  const accessKey = await answerTo(KEY_QUESTION)
  refuseUseless(accessKey, given)
  if (accessKey === 'command' && !isInteractive(host)) refuseMissing([COMMAND_QUESTION], given)
  const command = accessKey === 'command' ? await answerTo(COMMAND_QUESTION) : null
  return { url, accessKey, command, usedBy: await answerTo(USERS_QUESTION), access: await answerTo(ACCESS_QUESTION) }
}

/** Thrown if the input ends before a question is answered. */
class EndOfInput extends Error {}

function unlessEnded(error: unknown): undefined {
  if (!(error instanceof EndOfInput)) throw error
}

function refuseMissing(questions: readonly Pick<Question<unknown>, 'flag'>[], given: Given): void {
  const missing = questions.map(({ flag }) => flag.name).filter(flag => !given.has(flag))
  if (missing.length > 0) throw new UsageError(`cannot ask questions without a terminal; add ${missing.join(', ')}`)
}

function refuseUseless(accessKey: Answers['accessKey'], given: Given): void {
  if (accessKey !== 'command' && given.has(COMMAND_QUESTION.flag.name))
    throw new UsageError(`${COMMAND_QUESTION.flag.name} has no effect without ${KEY_QUESTION.flag.name} command`)
}

function readGiven<T>(question: Question<T>, given: Given): T | undefined {
  const answer = given.get(question.flag.name)
  if (answer === undefined) return undefined
  const result = read(question, answer)
  if ('value' in result) return result.value
  throw new UsageError(`${question.flag.name}: ${result.complaint}`)
}

/** Asks a question until the answer is valid. */
async function ask<T>({ text, help, standard, ...question }: Question<T>, prompt: Prompt, host: Host): Promise<T> {
  host.stdout.write(`\n${text}\n${help.map(line => `  ${line}\n`).join('')}`)
  for (;;) {
    const answer = await prompt.ask(standard === null ? '>' : `[${standard}] >`)
    if (answer === undefined) throw new EndOfInput()
    const result = read(question, answer || (standard ?? ''))
    if ('value' in result) return result.value
    host.stdout.write(`${result.complaint}\n`)
  }
}

type Result<T> = { readonly value: T } | { readonly complaint: string }

function read<T>(question: Pick<Question<T>, 'read'>, answer: string): Result<T> {
  try {
    return { value: question.read(answer) }
  } catch (error) {
    // a question's reader throws nothing else
    const reason = error as InvalidValue | StackError
    return { complaint: `${describe(reason, quote(answer))}; ${reason.cure}` }
  }
}
