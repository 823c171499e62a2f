/**
 * An address that does not lead to an API. The message says what is wrong and what to write instead, but never the
 * address, which may contain a password.
 */
export class StackError extends Error {
  override readonly name = 'StackError'
  /** What is wrong, as a clause whose subject is the typed text, in lower case and without a period. */
  readonly problem: string
  /** What to write instead, in lower case and without a period. */
  readonly cure: string

  constructor(problem: string, cure: string) {
    super(`address ${problem}; ${cure}`)
    this.problem = problem
    this.cure = cure
  }
}
