/** How a step ended. `refused` is a failure by the upstream's word on the access key. */
export type Mark = 'good' | 'bad' | 'refused' | 'warning' | 'skipped'

/** One line of the check. */
export interface Finding {
  readonly label: string
  readonly mark: Mark
  /** What was found and, when it is bad, the cure. Never a secret. */
  readonly text: string
}

/** A finding and what later steps need of it, which is undefined when they have nothing to go on with. */
export interface Step<T> {
  readonly finding: Finding
  readonly value: T | undefined
}

/** A step that went well. */
export function good<T>(label: string, text: string, value: T): Step<T> {
  return { finding: { label, mark: 'good', text }, value }
}

/** A step that failed, with the cure in its text. */
export function bad(label: string, text: string, mark: 'bad' | 'refused' = 'bad'): Step<never> {
  return { finding: { label, mark, text }, value: undefined }
}

/** Does a step with what an earlier one gained; skips it when that gained nothing. */
export async function needing<Needed, T>(
  label: string,
  { finding, value }: Step<Needed>,
  work: (value: Needed) => Promise<Step<T>> | Step<T>,
): Promise<Step<T>> {
  if (value !== undefined) return work(value)
  return { finding: { label, mark: 'skipped', text: `not tried: ${finding.label} comes first` }, value: undefined }
}
