import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { problemDocument } from '../../src/problem/problem.ts'
import { renderProblem } from '../../src/problem/render.ts'
import { readUpstream, type UpstreamResponse } from '../../src/upstream-errors/read.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 32)
const RUNS = 2000

/** Mulberry32: a deterministic random number generator for [0, 1). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const KEYS = ['error', 'errors', 'code', 'message', 'details', 'detail', 'title', 'type', 'status', 'innererror', 'err']
const ODD_KEYS = ['i18nKey', 'subject', 'severity', 'subErrors', 'errorDetails', 'name', '__proto__', 'constructor', '']
const TEXTS = ['', 'invalid_credentials', '\u0000\u001b[2J', '\ud800', '<script>', 'x'.repeat(3000), '{"a":']
const HEADERS = ['x-redlock-status', 'retry-after', 'content-encoding', 'content-type', 'x-redlock-request-id']
const ODD_HEADERS = ['trace-id', 'x-ratelimit-replenish-rate']
const VALUES = ['gzip', 'br', 'deflate', 'gzip, br', 'text/html', '[{"i18nKey":"a"}]', '[{', '-1', '1e999', 'Sun Nov']

function generator(random: () => number) {
  const int = (end: number) => Math.floor(random() * end)
  const one = <T>(choices: readonly [T, ...T[]] | readonly T[]): T | undefined => choices[int(choices.length)]
  const bytes = () => Buffer.from(Array.from({ length: int(60) }, () => int(256)))

  function value(depth: number): unknown {
    const scalars = [null, true, false, int(1e9), -0.5, one(TEXTS)]
    if (depth === 0 || random() < 0.3) return one(scalars)
    const items = Array.from({ length: int(5) }, () => value(depth - 1))
    if (random() < 0.3) return items
    return JSON.parse(
      `{${items.map(item => `${JSON.stringify(one([...KEYS, ...ODD_KEYS]))}:${JSON.stringify(item)}`)}}`,
    )
  }

  function body(): Buffer {
    const levels = int(50_000)
    const json = Buffer.from(JSON.stringify(value(5)))
    const deep = () => Buffer.from('['.repeat(levels) + ']'.repeat(random() < 0.5 ? levels : int(levels)))
    const plain = random() < 0.02 ? deep() : (one([json, json, bytes(), Buffer.from(one(TEXTS) ?? '')]) ?? json)
    const wire = one([plain, plain, gzipSync(plain), brotliCompressSync(plain), deflateSync(plain)]) ?? plain
    return random() < 0.3 ? wire.subarray(0, int(wire.length)) : wire
  }

  const headerText = () => one([...VALUES, bytes().toString('latin1'), JSON.stringify(value(3))])
  const headerValue = () => (random() < 0.2 ? [headerText() ?? '', headerText() ?? ''] : headerText())
  const headers = () =>
    Object.fromEntries([...HEADERS, ...ODD_HEADERS].filter(() => random() < 0.4).map(name => [name, headerValue()]))

  return (): UpstreamResponse => ({
    host: 'api.prismacloud.io',
    retryable: random() < 0.5,
    status: 400 + int(600),
    headers: headers(),
    body: body(),
    complete: random() < 0.5,
  })
}

function faultOf(answer: UpstreamResponse): string | undefined {
  const problem = readUpstream(answer, Date.UTC(2026, 0, 1))
  const document = problemDocument(problem, { instance: '/x', requestId: 'r', compute: false })
  const wire = renderProblem(document, undefined).body
  if (problem.status !== answer.status || problem.upstream?.status !== answer.status) return 'a different status'
  if (problem.detail === '' || problem.title === '') return 'an empty text'
  if (/\p{Cc}|\p{Cs}/u.test(problem.detail + problem.title)) return 'control characters'
  if (problem.retryAfter !== undefined && !(problem.retryAfter >= 0 && problem.retryAfter <= 3600))
    return 'a wait out of range'
  if (wire.length > 150_000) return 'an unbounded document'
  const told = problem.upstream.errors.flatMap(error => Object.values(error))
  if (!told.every(text => text === null || (typeof text === 'string' && text !== '')))
    return 'an error member that is not text'
  if (Object.hasOwn(Object.prototype, 'code')) return 'a polluted prototype'
  return JSON.parse(wire).status === answer.status ? undefined : 'a different status in the document'
}

t.test(`any bytes under any headers become a valid problem with the same status (SEED=${SEED})`, async t => {
  const answer = generator(seeded(SEED))
  for (let run = 0; run < RUNS; run++) {
    const sample = answer()
    const report = () => `SEED=${SEED} run ${run} body ${sample.body.toString('base64').slice(0, 2000)}`
    try {
      const fault = faultOf(sample)
      if (fault) t.fail(`${fault}: ${report()}`, { headers: sample.headers })
    } catch (error) {
      t.fail(`it threw: ${report()}`, { error, headers: sample.headers })
    }
  }
  t.pass(`${RUNS} answers`)
})
