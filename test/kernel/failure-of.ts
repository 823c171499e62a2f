/** What a promise rejects with, or `undefined` if it does not. From now on its rejection counts as handled. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
