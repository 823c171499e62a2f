// Endpoints that exist only in the simulator: they show what arrived and return what a test asks for.

import { createHash } from 'node:crypto'
import type { HeaderPair } from '../call.ts'
import { type ApiResponse, apiResponse, invalidParameter, json, springError } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import { errorShapes } from './error-shapes.ts'
import type { Route, RoutedCall } from './route.ts'

const BLOCK = Buffer.alloc(64 * 1024, 'simulated ')
const MAX_DOWNLOAD_BYTES = 1024 ** 3
const TOKEN_HEADERS = new Set(['x-redlock-auth', 'authorization'])
const SHAPES = new Map(Object.entries(errorShapes))
const auth = 'x-redlock-auth'

/** The routes that only the simulator has: upload, download, echo and errors of every shape. */
export const probeRoutes: readonly Route[] = [
  { method: 'POST', template: '/upload', auth, handle: ({ body }) => json(body.digest) },
  { method: 'GET', template: '/download', auth, handle: download },
  { method: '*', template: '/echo', auth, handle: echo },
  { method: 'GET', template: '/errors/{shape}', auth, handle: errorInShape },
]

function download({ query }: RoutedCall): ApiResponse {
  const length = Number(query.get('bytes') ?? Number.NaN)
  if (!Number.isInteger(length) || length < 0 || length > MAX_DOWNLOAD_BYTES) return invalidParameter('bytes')
  const hash = createHash('sha256')
  for (const block of blocks(length)) hash.update(block)
  const headers = { 'content-type': 'application/octet-stream', 'x-simulator-sha256': hash.digest('hex') }
  return { status: 200, headers, length, chunks: blocks(length) }
}

/** Deterministic bytes. Each block starts with its number, so a lost or repeated block changes the hash. */
function* blocks(length: number): Generator<Buffer> {
  for (let start = 0; start < length; start += BLOCK.length) {
    const block = Buffer.from(BLOCK)
    block.writeUInt32BE(start / BLOCK.length)
    yield block.subarray(0, length - start)
  }
}

function echo({ method, url, headers, body }: RoutedCall): ApiResponse {
  return json({ method, url, headers: headers.map(withoutToken), body: body.digest })
}

function withoutToken([name, value]: HeaderPair): HeaderPair {
  if (!TOKEN_HEADERS.has(name.toLowerCase())) return [name, value]
  return [name, `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 8)}`]
}

function errorInShape({ variables: [name = ''], query, path }: RoutedCall, state: SimulatorState): ApiResponse {
  const shape = SHAPES.get(name)
  if (!shape) return springError(404, path, state.now())
  const status = Number(query.get('status') ?? shape.status)
  const isError = Number.isInteger(status) && status >= 400 && status <= 599
  return isError ? apiResponse(status, shape.headers, shape.body) : invalidParameter('status')
}
