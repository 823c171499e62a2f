/** Options of Node.js with which it writes memory, environment or the keys of its TLS connections to files. */
const REVEALING = /^--(heapsnapshot-|heap-prof|report-on-|report-uncaught-|abort-on-uncaught-|tls-keylog)/

/**
 * Closes what shows this process's memory to other users of the machine, as far as that is possible, and gives a warning
 * for each thing that does or did. `execArgv` and `nodeOptions` are what Node.js was started with.
 */
export async function closeExposures(execArgv: readonly string[], nodeOptions = ''): Promise<string[]> {
  return [...(await closeInspector()), ...revealingOptions(execArgv, nodeOptions)]
}

/** SIGUSR1 opens it as well, if it comes before any of our code has run. */
async function closeInspector(): Promise<string[]> {
  const url = process.features.inspector && (await import('node:inspector')).url()
  if (!url) return []
  const { close } = await import('node:inspector')
  close()
  const { host } = new URL(url)
  return [`Node.js's inspector, which shows access keys to whoever connects, was open at ${host} and has been closed`]
}

function revealingOptions(execArgv: readonly string[], nodeOptions: string): string[] {
  const given = [...execArgv, ...nodeOptions.split(/[\s"']+/)].map(option => option.replaceAll('_', '-'))
  const found = given.filter(option => REVEALING.test(option)).map(option => option.split('=', 1)[0])
  if (found.length === 0) return []
  return [`Node.js runs with ${[...new Set(found)].join(', ')}: what that writes can hold access keys`]
}
