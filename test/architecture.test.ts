import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const ROOT = resolve(import.meta.dirname, '..')
const SOURCE = join(ROOT, 'src')

/** From the top down; a floor imports only what stands below it. */
const FLOORS = [
  'cli.ts',
  'commands',
  'app',
  'connect',
  'page',
  'admin',
  'server',
  'telemetry',
  'inspect',
  'forward',
  'guard',
  'request',
  'cache',
  'pacing',
  'session',
  'fleet',
  'auth',
  'retry',
  'upstream',
  'config',
  'tls',
  'stacks',
  'operations',
  'upstream-errors',
  'problem',
  'http',
  'kernel',
  'simulator',
]

/** No file is longer: one that is holds more than one concept. */
const MAX_LINES = 250

/** No folder has more files of its own: one that has needs subfolders. */
const MAX_FILES = 18

/** The files that a key, token or password is sent from. */
const REVEALING = [
  'commands/running/proxy-client.ts',
  'guard/page-access.ts',
  'auth/auth-api.ts',
  'auth/ask-key-expiry.ts',
  'forward/headers/headers.ts',
  'fleet/redis/open.ts',
  'fleet/seal.ts',
  'telemetry/otel/open-traces.ts',
]

/** A declaration that other files may import. */
const EXPORT = /^export (?:async |abstract )*(?:function\*?|class|interface|type|const|let) \[?\s*(\w+)/gm

const DOC_COMMENT = /^[ \t]*\/\*\*([\s\S]*?)\*\//gm

/** A doc comment of fewer words says nothing that the name does not. */
const MIN_WORDS = 4

/** Static imports and exports, and what is loaded when it is used. */
const IMPORT = /^(?:import|export)\b(?:[^']*? from)? '([^']+)'|\bimport\('([^']+)'\)/gm

/** What is loaded along with a file: no types, and nothing that is loaded when it is used. */
const STATIC_IMPORT = /^(?:import|export)\b(?! type)(?:[^']*? from)? '([^']+)'/gm

interface SourceFile {
  readonly path: string
  readonly floor: string
  readonly text: string
  /** Of the project's own files, by their paths below src. */
  readonly imports: readonly string[]
  /** Names of packages. */
  readonly packages: readonly string[]
}

const files: readonly SourceFile[] = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter(path => /\.tsx?$/.test(path))
  .map(path => {
    const text = readFileSync(join(SOURCE, path), 'utf8')
    const specifiers = [...text.matchAll(IMPORT)].map(([, from, loaded]) => from ?? loaded ?? '')
    const own = specifiers.filter(name => name.startsWith('.') && /\.tsx?$/.test(name))
    return {
      path,
      floor: path.split('/')[0] ?? '',
      text,
      imports: own.map(name => relative(SOURCE, resolve(SOURCE, dirname(path), name))),
      packages: specifiers.filter(name => !name.startsWith('.') && !name.startsWith('node:')).map(packageOf),
    }
  })

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function floorOf(path: string): string {
  return path.split('/')[0] ?? ''
}

/** The paths of the files whose text matches, beside those where it may. */
function filesWith(pattern: RegExp, allowed: readonly string[]): string[] {
  const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  return files
    .filter(({ path, text }) => pattern.test(code(text)) && !allowed.some(start => path.startsWith(start)))
    .map(({ path }) => path)
}

t.test('imports only go down', async t => {
  const wrong = files.flatMap(({ path, floor, imports }) =>
    imports
      .filter(target => floorOf(target) !== floor && FLOORS.indexOf(floorOf(target)) <= FLOORS.indexOf(floor))
      .map(target => `${path} imports ${target}`),
  )
  t.same(wrong, [])
  t.same(
    [...new Set(files.map(({ floor }) => floor))].filter(floor => !FLOORS.includes(floor)),
    [],
    'no other floors',
  )
})

t.test('only commands import the simulator', async t => {
  const wrong = files.filter(
    ({ floor, imports }) =>
      imports.some(target => floorOf(target) === 'simulator') && floor !== 'simulator' && floor !== 'commands',
  )
  t.same(
    wrong.map(({ path }) => path),
    [],
  )
})

t.test('there is no circle', async t => {
  const byPath = new Map(files.map(file => [file.path, file]))
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) t.fail([...way, path].join(' → '))
    if (way.includes(path) || done.has(path)) return
    for (const target of byPath.get(path)?.imports ?? []) visit(target, [...way, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  t.equal(done.size, files.length)
})

t.test('time is read in one place', async t => {
  const clocks = /(?<![\w.])(setTimeout|setInterval)\(|\bDate\.now\b|\bperformance\.|AbortSignal\.timeout|new Date\(\)/
  // the page has the browser's
  t.same(filesWith(clocks, ['kernel/clock.ts', 'simulator/clock.ts', 'page/']), [])
})

t.test('the process is touched only at the top', async t => {
  // beside that: whose files are this process's own, and which programs must not outlive it
  const allowed = ['cli.ts', 'commands/', 'kernel/file-access.ts', 'config/tenants/run-program.ts']
  t.same(filesWith(/\bprocess\.|from 'node:process'|console\./, allowed), [])
})

t.test(
  'a secret is revealed to the auth calls, the header, the cipher, the login of Redis and TLS, and nowhere else',
  async t => {
    t.same(filesWith(/\.reveal\(/, REVEALING), [])
  },
)

t.test('connections to others are opened in one place, and have TLS in one', async t => {
  const dialing = /\b(?:connect|createConnection)\b[^}]*\} from 'node:net'/
  t.same(filesWith(dialing, ['upstream/connection/dial.ts', 'commands/serve/listen.ts']), [])
  const encrypting =
    /'node:https'|\bconnect\b[^}]*\} from 'node:tls'|\btls\.connect|\bbuildConnector\(|new (?:Pool|Agent|ProxyAgent)\(|\bfetch\(/
  t.same(
    filesWith(encrypting, [
      'upstream/connection/tls-client.ts',
      'commands/demo/tour-client.ts',
      'commands/health/',
      'commands/running/',
      'simulator/',
      // in a browser, to the proxy
      'page/proxy.ts',
      'page/logic/copy.ts',
    ]),
    [],
  )
})

t.test('the client of Redis is loaded only when it is used', async t => {
  t.same(filesWith(/'@redis\/client'/, ['fleet/redis/client.ts']), [])
  t.same(filesWith(/from '[^']*\/client\.ts'/, []), [])
})

/** All files that are loaded along with the given ones. */
function loadedWith(paths: readonly string[]): SourceFile[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const loaded = new Set<SourceFile>()
  const load = (path: string): void => {
    const file = byPath.get(path)
    if (!file || loaded.has(file)) return
    loaded.add(file)
    for (const [, specifier = ''] of file.text.matchAll(STATIC_IMPORT))
      if (specifier.startsWith('.')) load(relative(SOURCE, resolve(SOURCE, dirname(path), specifier)))
  }
  for (const path of paths) load(path)
  return [...loaded]
}

t.test('start loads neither another command nor the help', async t => {
  const loaded = loadedWith(['cli.ts', 'commands/start.ts', 'commands/serve/serve-until-signal.ts'])
  t.ok(loaded.length > 100)
  const paths = loaded.map(({ path }) => path)
  t.same(paths.filter(path => /^commands\/(?:[^/]+|help\/.*)\.ts$/.test(path)).toSorted(), [
    'commands/host.ts',
    'commands/registry.ts',
    'commands/start.ts',
  ])
})

t.test('start connects to the API before it loads the server', async t => {
  const loaded = loadedWith(['commands/start.ts'])
  t.ok(loaded.some(({ path }) => path === 'upstream/agent.ts'))
  t.notOk(loaded.some(({ packages }) => packages.includes('fastify') || packages.includes('pino')))
})

t.test('OpenTelemetry is loaded only when it is used, and known in one place', async t => {
  t.same(filesWith(/'@opentelemetry\//, ['telemetry/otel/']), [])
  t.same(filesWith(/from '[^']*\/open-traces\.ts'/, []), [])
})

t.test('nothing calls reply.from', async t => {
  t.same(filesWith(/\breply\.from\b/, []), [])
})

t.test('a file holds one concept', async t => {
  t.same(
    files.filter(({ text }) => text.split('\n').length > MAX_LINES).map(({ path }) => path),
    [],
  )
})

t.test('a folder is seen at a glance', async t => {
  const folders = files.map(({ path }) => dirname(path))
  const isCrowded = (folder: string) => folders.filter(each => each === folder).length > MAX_FILES
  t.same([...new Set(folders)].filter(isCrowded), [])
})

t.test('every exported name has a doc comment', async t => {
  const bare = files.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORT)]
      .filter(({ index }) => !text.slice(0, index).trimEnd().endsWith('*/'))
      .map(([, name]) => `${path}: ${name}`),
  )
  t.same(bare, [])
})

t.test('a doc comment stands alone', async t => {
  const poor = files.flatMap(({ path, text }) =>
    [...text.matchAll(DOC_COMMENT)]
      .map(([, comment = '']) => comment.replace(/^\s*\*/gm, ' ').trim())
      .filter(comment => comment.split(/\s+/).length < MIN_WORDS || /^The same\b/.test(comment))
      .map(comment => `${path}: ${comment}`),
  )
  t.same(poor, [])
})

t.test('every dependency is used, and every used package is a dependency', async t => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const used = new Set(files.flatMap(({ packages }) => packages))
  t.same([...used].sort(), Object.keys(dependencies).sort())
})

t.test('no test is left out', async t => {
  const alone = ['e2e', 'tools']
  const folders = readdirSync(join(ROOT, 'test'), { withFileTypes: true }).filter(each => each.isDirectory())
  for (const { name } of folders.filter(({ name }) => !alone.includes(name))) {
    const tests = readdirSync(join(ROOT, 'test', name)).filter(file => file.endsWith('.test.ts'))
    if (tests.length > 0) t.ok(tests.includes('index.test.ts'), `test/${name}/index.test.ts runs the tests beside it`)
  }
})
