/** What a host sent is not a valid HTTP/1.1 response, so nothing of it may be passed on. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  /** What is wrong with it, as the end of a sentence. It quotes nothing of what was sent. */
  readonly fault: string

  constructor(fault: string) {
    super(fault)
    this.fault = fault
  }
}
