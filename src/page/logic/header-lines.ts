/**
 * Reads headers that somebody has typed, one in each line.
 * @throws {Error} that names the line that is no header
 */
export function parseHeaders(typed: string): [name: string, value: string][] {
  const lines = typed.split('\n').filter(line => line.trim() !== '')
  return lines.map(line => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9a-z-]+):\s*(.*?)\s*$/i.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`Not a header: "${line}". Write it as Name: value`)
    return [name, value]
  })
}
