/** Flags with which Node.js writes memory, environment or TLS session keys to files. */
const REVEALING = /^--(heapsnapshot-|heap-prof|report-on-|report-uncaught-|abort-on-uncaught-|tls-keylog)/

/**
 * Closes the inspector, through which other users of the machine can read this process's memory, and returns warnings
 * about it and about flags that expose secrets. `execArgv` and `nodeOptions` are the flags that Node.js was started
 * with.
 */
export async function closeExposures(execArgv: readonly string[], nodeOptions = ''): Promise<string[]> {
  return [...(await closeInspector()), ...revealingOptions(execArgv, nodeOptions)]
}

/**
 * Closes the inspector and returns a warning if it was open: because of `--inspect`, or because of a SIGUSR1 that
 * arrived before any of our code ran.
 */
async function closeInspector(): Promise<string[]> {
  const url = process.features.inspector && (await import('node:inspector')).url()
  if (!url) return []
  const { close } = await import('node:inspector')
  close()
  const { host } = new URL(url)
  return [`the Node.js inspector, through which anyone can read access keys, was open at ${host} and has been closed`]
}

function revealingOptions(execArgv: readonly string[], nodeOptions: string): string[] {
  const given = [...execArgv, ...nodeOptions.split(/[\s"']+/)].map(option => option.replaceAll('_', '-'))
  const found = given.filter(option => REVEALING.test(option)).map(option => option.split('=', 1)[0])
  if (found.length === 0) return []
  return [`Node.js runs with ${[...new Set(found)].join(', ')}, which can write access keys to files`]
}
