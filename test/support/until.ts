/** Waits, one turn of the event loop at a time, until a check holds; the test's own timeout ends a wait in vain. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(resolve => setImmediate(resolve))
}
