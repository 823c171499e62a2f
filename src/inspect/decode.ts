import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { BodyStart } from './body-start.ts'

/** A body, or its beginning, without its content codings. */
export interface Decoded {
  readonly bytes: Buffer
  /** Whether `bytes` are only the beginning, because more were not wanted. */
  readonly isCutOff: boolean
  /** Why the body is not decoded, or not to its end; null if it is. */
  readonly failure: string | null
}

/** Available since Node.js 22.15. Before, the decoder of another coding fails in its place, which is then reported. */
const { createZstdDecompress = zlib.createGunzip } = zlib as {
  readonly createZstdDecompress?: (options: typeof zstdOptions) => Transform
}

// A flush mode that does not require the end of the stream lets the start of a truncated body be read.
const zlibOptions = { finishFlush: zlib.constants.Z_SYNC_FLUSH }
const brotliOptions = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }

// 1 is ZSTD_e_flush. The largest window that HTTP allows is 2^23 bytes, 8 MiB (RFC 9659, 3). 100 is ZSTD_d_windowLogMax.
const zstdOptions = { finishFlush: 1, params: { 100: 23 } }

/** What undoes each content coding that Node.js knows (RFC 9110, 8.4.1). */
const DECODERS: ReadonlyMap<string, (bytes: Buffer) => Transform> = new Map<string, (bytes: Buffer) => Transform>([
  ['gzip', () => zlib.createGunzip(zlibOptions)],
  ['x-gzip', () => zlib.createGunzip(zlibOptions)],
  // "deflate" means the zlib format, whose first byte has 8 in its low four bits, but some send raw deflate
  [
    'deflate',
    ([first = 0]) => (first % 16 === 8 ? zlib.createInflate(zlibOptions) : zlib.createInflateRaw(zlibOptions)),
  ],
  ['br', () => zlib.createBrotliDecompress(brotliOptions)],
  ['zstd', () => createZstdDecompress(zstdOptions)],
])

/**
 * Undoes the content codings that a `Content-Encoding` header lists, for at most `max` bytes. The beginning of a body is
 * decoded as far as it goes. Never rejects: bytes that are not encoded as the header says are returned as they are.
 */
export async function decode(bytes: Buffer, contentEncoding: string, max: number): Promise<Decoded> {
  const codings = contentEncoding.split(',').map(coding => coding.trim().toLowerCase())
  let decoded: Decoded = { bytes, isCutOff: false, failure: null }
  for (const coding of codings.reverse()) {
    if (coding === '' || coding === 'identity' || decoded.failure !== null) continue
    const decoder = DECODERS.get(coding)?.(decoded.bytes)
    decoded = decoder ? await undo(decoded, coding, decoder, max) : { ...decoded, failure: `unknown coding ${coding}` }
  }
  return decoded
}

/** Undoes one coding. More than `max` bytes are not waited for, so a small body cannot exhaust the memory. */
function undo({ bytes, isCutOff }: Decoded, coding: string, decoder: Transform, max: number): Promise<Decoded> {
  const start = new BodyStart(max)
  return new Promise(resolve => {
    const finish = () => {
      decoder.destroy()
      resolve({ bytes: start.bytes, isCutOff: isCutOff || start.size > max, failure: null })
    }
    decoder.on('data', (piece: Buffer) => {
      start.take(piece)
      if (start.size > max) finish()
    })
    decoder.on('end', finish)
    decoder.on('error', () => {
      const failure = start.size === 0 ? `not decoded: not valid ${coding}` : `decoded only so far: not valid ${coding}`
      resolve({ bytes: start.size === 0 ? bytes : start.bytes, isCutOff, failure })
    })
    decoder.end(bytes)
  })
}
