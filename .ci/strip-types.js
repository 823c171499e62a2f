// Has Node.js 20 run TypeScript as later ones do by themselves, with its types blanked out, so that every position stays
// what it was. Tap's own loader compiles instead, for longer than most tests take. What was blanked out is kept:
// many processes load the same modules.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const KEPT = new URL('../node_modules/.cache/strip-types/', import.meta.url)

if (isMainThread && !process.features.typescript) register(import.meta.url)

/* c8 ignore start: it runs in a thread of the loader's own */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  const kept = new URL(createHash('sha256').update(text).digest('hex'), KEPT)
  const source = await readFile(kept, 'utf8').catch(() => strip(text, kept))
  return { format: 'module', shortCircuit: true, source }
}

async function strip(text, kept) {
  const { transformSync } = await import('@swc/wasm-typescript')
  const { code } = transformSync(text, { mode: 'strip-only' })
  const aside = new URL(randomUUID(), KEPT)
  await mkdir(KEPT, { recursive: true })
  await writeFile(aside, code)
  await rename(aside, kept)
  return code
}
