// Bundles src/cli.ts into dist/: one file to load starts in half the time that the tree of modules takes.
// What only some commands need is split off and loaded when it is used.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

/** Packages of which only a part is bundled, or none, with what takes their place. It is a quarter of the whole. */
const REPLACED = {
  undici: './.ci/bundle/undici.js',
  // compilers of JSON schemas, which no route here has
  '@fastify/ajv-compiler': './.ci/bundle/absent.cjs',
  '@fastify/fast-json-stringify-compiler': './.ci/bundle/absent.cjs',
  // for Fastify's inject(), which is for tests
  'light-my-request': './.ci/bundle/absent.cjs',
  // for @fastify/http-proxy's option websocket
  ws: './.ci/bundle/absent.cjs',
}

rmSync('dist', { recursive: true, force: true })

const { metafile } = await build({
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
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // the CommonJS libraries inside call require for Node's own modules
  banner: { js: "import{createRequire as _r}from'node:module';const require=_r(import.meta.url);" },
})

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
