/** A path in another spelling. */
type Spelling = (path: string) => string

const hex = (text: string) => [...text].map(char => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
const last = (path: string) => path.slice(0, -1) + hex(path.slice(-1))
const twice = (text: string) => text.replaceAll('%', '%25')
const wide = (char: string) => encodeURIComponent(String.fromCharCode(char.charCodeAt(0) + 0xfee0))

/** Ways to write the same characters. */
const ENCODINGS: readonly Spelling[] = [
  path => path,
  path => path.toUpperCase(),
  last,
  path => path.replace(/\/(.)/g, (_, first) => `/${hex(first)}`),
  path => `/${hex(path.slice(1))}`,
  path => `/${path.slice(1).replaceAll('/', '%2F')}`,
  path => twice(last(path)),
  path => twice(twice(last(path))),
  path => `/${twice(path.slice(1).replaceAll('/', '%2f'))}`,
  path => `/${path.slice(1).replaceAll('/', '%5c')}`,
  path => `/${path.slice(1).replaceAll('/', '%255C')}`,
  path => path.replaceAll('/', '//'),
  path => path.replaceAll('/', '/./'),
  path => path.replaceAll('/', '/x/../'),
  path => path.replaceAll('/', '/x/%252e%252e/'),
  path => path.replaceAll('/', '/;v=1/'),
  path => path.slice(0, -1) + wide(path.slice(-1)),
  path => `/${path.slice(1).replaceAll('/', '%EF%BC%8F')}`,
  path => `/${path.slice(1).replaceAll('/', '%c0%af')}`,
  path => `/${path.slice(1).replaceAll('/', '%u002f')}`,
]

/** What may stand behind the path, and be overlooked. */
const ENDS = [
  ...['', '/', '//', '%2f', '/.', '/%2e', '/x/..', '/x/%252e%252e', '%5c', '%255c', '\\'],
  ...['#x', '#', '%23x', '%2523x', '?x', '?#x', '%3fx', '%253fx', '&x', '%26x', ';x', ';x/y', '%3bx', '%253bx', '/;x'],
  ...['.', '.json', '%2ejson', '.json;x', '.json%23', '%20', '%20/', '%2520', '+', '%09', '%0a', '%250a', '%0d%0a'],
  ...[
    '%00',
    '%00.json',
    '%2500',
    '%1f',
    '%7f',
    '%c2%85',
    '%85',
    '%a0',
    '%c2%a0',
    '%e3%80%80',
    '%e2%80%8b',
    '%ef%bb%bf',
  ],
]

/** What may stand before it. */
const BEGINNINGS = [
  ...['/', '//x', '///x', '/%2f', '/%2f%2fx', '/.', '/x/..', '/x/%2e%2e', '/x/%252e%252e', '/%5c', '/%255cx/..', '/;x'],
  ...['/%20', '/%2520', '/+', '/%2e', '/%23/..', '/%e2%80%8b'],
]

/** Of these, several may stand there. */
const OVERLOOKED = ['%20', '+', '.', '.json', '/', ';x', '%23x', '%3fx', '%26x', '%c2%a0', '%2523']

/** Hundreds of targets for which one server or another does what it does for the path, and the path itself. */
export function spellingsOf(path: string): string[] {
  const inside = ENCODINGS.map(encode => encode(path))
  const several = ENCODINGS.flatMap(encode => ['%23x', '.json', '%20', ';x'].map(end => encode(path) + end))
  const behind = ENDS.flatMap(end => [path + end, last(path) + end])
  const pairs = OVERLOOKED.flatMap(one => OVERLOOKED.map(other => path + one + other))
  const before = BEGINNINGS.flatMap(beginning => [beginning + path, beginning + last(path)])
  const around = BEGINNINGS.flatMap(beginning => ['%23', '.json'].map(end => beginning + path + end))
  return [...new Set([...inside, ...several, ...behind, ...pairs, ...before, ...around])]
}
