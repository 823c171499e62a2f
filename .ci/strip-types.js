// Has Node.js 20 run TypeScript as later ones do by themselves, with its types blanked out, so that every position stays
// what it was. Tap's own loader compiles instead, for longer than most tests take.
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

if (isMainThread && !process.features.typescript) register(import.meta.url)

/* c8 ignore start: it runs in a thread of the loader's own */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { transformSync } = await import('@swc/wasm-typescript')
  const { code } = transformSync(await readFile(fileURLToPath(url), 'utf8'), { mode: 'strip-only' })
  return { format: 'module', shortCircuit: true, source: code }
}
