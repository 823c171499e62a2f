/** What a user typed does not lead to an API. The message names the fault and its cure, and repeats no text that may hold a password. */
export class StackError extends Error {
  override readonly name = 'StackError'
  /** What is wrong, as the end of a sentence that begins with the typed text. */
  readonly problem: string
  /** What to do about it. */
  readonly cure: string

  constructor(problem: string, cure: string) {
    super(`The address ${problem}. ${cure}`)
    this.problem = problem
    this.cure = cure
  }
}
