// Bundles src/cli.ts into dist/: one file to load starts in half the time that the tree of modules takes.
// What only some commands need is split off and loaded when it is used.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'

const ABSENT = './.ci/bundle/absent.cjs'

/** What is bundled in part, or not at all, with what takes its place. It is a third of the whole. */
const REPLACED = {
  undici: './.ci/bundle/undici.js',
  // compilers of JSON schemas, which no route here has
  '@fastify/ajv-compiler': ABSENT,
  '@fastify/fast-json-stringify-compiler': ABSENT,
  // for Fastify's inject(), which is for tests
  'light-my-request': ABSENT,
  // for Fastify's option trustProxy
  '@fastify/proxy-addr': ABSENT,
  // Fastify asks it whether its plugins fit, which package-lock.json answers
  semver: './.ci/bundle/semver.cjs',
  // for @fastify/http-proxy's option websocket
  ws: ABSENT,
  // for @fastify/http-proxy's own handler, which no request reaches
  '@fastify/reply-from': './.ci/bundle/reply-from.cjs',
  // for pino's transports, and its option redact
  'thread-stream': ABSENT,
  '@pinojs/redact': ABSENT,
}

/** What every file that is loaded at its time loads, too. */
const COMMON = resolve('.ci/bundle/common.js')

/** Files of undici that are left out: HTTP/2, and the bodies of fetch. */
const LEFT_OUT = /\bundici\/lib\/(?:dispatcher\/client-h2|web\/fetch\/body)\.js$/

rmSync('dist', { recursive: true, force: true })

const { metafile, outputFiles } = await build({
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  // of a package that comes as modules, too, only what is used is bundled: a fifth of OpenTelemetry's
  mainFields: ['module', 'main'],
  target: 'node20.19',
  format: 'esm',
  alias: REPLACED,
  plugins: [
    { name: 'leave-out', setup: leaveOut },
    { name: 'load-common', setup: loadCommon },
  ],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
  // for Node's own modules
  banner: { js: "import{createRequire as _r}from'node:module';const require=_r(import.meta.url);" },
})
mkdirSync('dist')
for (const { path, text } of outputFiles) writeFileSync(path, inAscii(requiringBuiltins(text)))
chmodSync('dist/cli.js', 0o755)

// the page that the proxy serves at /_proxy/: files of its own for browsers
const { metafile: pageMetafile } = await build({
  entryPoints: { page: 'src/page/main.tsx' },
  outdir: 'dist/page',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  minify: true,
  legalComments: 'none',
  tsconfig: 'src/page/tsconfig.json',
  metafile: true,
  logLevel: 'warning',
})

/** The folders of all packages that went into the bundle. */
export const packages = packagesOf([metafile, pageMetafile])

writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licenses(packages))

function packagesOf(metafiles) {
  const folders = metafiles
    .flatMap(({ inputs }) => Object.keys(inputs))
    .map(path => /^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  return [...new Set(folders.filter(Boolean))].sort()
}

/** Replaces each file that is left out, and the HTTP/2 that libraries load for options that are not used here. */
function leaveOut(build) {
  build.onResolve({ filter: /^node:http2$/ }, ({ importer }) =>
    importer.includes('node_modules') ? { path: resolve(ABSENT) } : undefined,
  )
  build.onLoad({ filter: LEFT_OUT }, () => ({ contents: readFileSync(ABSENT, 'utf8') }))
}

/**
 * Requires Node's own modules instead of importing them. For an import, Node.js reads everything that the module exports
 * and loads what only some of it needs: a fetch of its own for `node:http`.
 */
function requiringBuiltins(text) {
  return text
    .replace(
      /\bimport\{([^}]*)\}from"(node:[^"]+)";/g,
      (_, names, from) => `const{${names.replaceAll(' as ', ':')}}=require("${from}");`,
    )
    .replace(/\bimport(?:\*as)? ([\w$]+) from"(node:[^"]+)";/g, 'const $1=require("$2");')
}

/**
 * Adds the common part to each file that is loaded when it is used. Otherwise what any two of them share would be a
 * file of its own, and there would be forty to load.
 */
function loadCommon(build) {
  build.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) =>
    kind === 'dynamic-import' ? { path: resolve(resolveDir, path), pluginData: COMMON } : undefined,
  )
  build.onLoad({ filter: /\.ts$/ }, ({ path, pluginData }) =>
    pluginData === COMMON
      ? { contents: `import ${JSON.stringify(COMMON)}\n${readFileSync(path, 'utf8')}`, loader: 'ts' }
      : undefined,
  )
}

/** Escapes what esbuild leaves in regular expressions: V8 keeps the text of a file with such a letter in twice the memory. */
function inAscii(text) {
  return text.replace(/[\u0080-\uffff]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The licence texts of packages, as they ask for. */
function licenses(folders) {
  return folders
    .map(folder => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
      const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
      const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : ''
      return `${name} ${version} (${license})\n\n${text}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}
