/** How a step ended. `rejected` is a failure as well: Prisma Cloud rejected the access key. */
export type Mark = 'good' | 'bad' | 'rejected' | 'warning' | 'skipped'

/** The result of one step, printed as one line. */
export interface Finding {
  readonly label: string
  readonly mark: Mark
  /** What was found and, after a failure, how to fix it. Never holds a secret. */
  readonly text: string
}

/** A finding with the value that later steps need; without a value, they are skipped. */
export interface Step<T> {
  readonly finding: Finding
  readonly value: T | undefined
}

/** Makes the result of a step that passed. */
export function good<T>(label: string, text: string, value: T): Step<T> {
  return { finding: { label, mark: 'good', text }, value }
}

/** Makes the result of a step that failed. The text says how to fix it. */
export function bad(label: string, text: string, mark: 'bad' | 'rejected' = 'bad'): Step<never> {
  return { finding: { label, mark, text }, value: undefined }
}

/** Runs a step with the value of an earlier one, or skips it if the earlier one produced no value. */
export async function needing<Needed, T>(
  label: string,
  { finding, value }: Step<Needed>,
  work: (value: Needed) => Promise<Step<T>> | Step<T>,
): Promise<Step<T>> {
  if (value !== undefined) return work(value)
  return { finding: { label, mark: 'skipped', text: `not tried, needs ${finding.label}` }, value: undefined }
}
