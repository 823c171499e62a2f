/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string
  /** What follows the name. */
  readonly text: string
  /** The words of its exec form; empty where it has none. */
  readonly json: string[]
}

/** The instructions of a Dockerfile, in order; each stands on one line. */
export function parseDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter(line => /^[A-Z]+ /.test(line))
    .map(line => {
      const [name = '', ...words] = line.split(' ')
      const rest = words.join(' ')
      const exec = /\[.*\]$/.exec(rest)?.[0]
      return { name, text: rest, json: exec === undefined ? [] : JSON.parse(exec) }
    })
}

/** Returns what says whether a `.dockerignore` keeps a path, relative to its folder, out of the build. */
export function ignoredBy(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const source = line
        .replace(/[.]/g, '\\.')
        .replaceAll('**/', '(?:.*/)?')
        .replace(/(?<!\.)\*/g, '[^/]*')
      return new RegExp(`^${source}(?:/|$)`)
    })
  return path => patterns.some(pattern => pattern.test(path))
}
