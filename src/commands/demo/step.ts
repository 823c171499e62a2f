import type { Host } from '../host.ts'
import { painter } from '../terminal/colour.ts'

/** What came of a step. */
export interface Taken {
  /** The result on one line, or why the step failed. */
  readonly outcome: string
  /** Whether the result is as promised. */
  readonly held: boolean
}

/** One step of a tour, and what came of it. */
export interface StepResult extends Taken {
  /** The feature that it demonstrates. */
  readonly shows: string
  /** What somebody could type for the same result. */
  readonly command: string
}

/** Takes a step. An error becomes its outcome. */
export async function take(shows: string, command: string, work: () => Promise<Taken>): Promise<StepResult> {
  const taken = await work().catch(error => ({ outcome: `failed: ${error}`, held: false }))
  return { shows, command, ...taken }
}

/** Prints each step of a tour once it was taken. Resolves to whether all of them held. */
export async function printSteps(steps: AsyncIterable<StepResult>, { stdout, env }: Host): Promise<boolean> {
  const style = painter(stdout, env)
  let allHeld = true
  for await (const { shows, command, outcome, held } of steps) {
    const mark = held ? style('green', '✓') : style('red', '✗')
    stdout.write(`${mark} ${style('bold', shows)}\n  $ ${style('cyan', command)}\n  ${style('dim', outcome)}\n\n`)
    allHeld &&= held
  }
  return allHeld
}
