import * as zlib from 'node:zlib'
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { firstValue, type Headers } from '../http/headers.ts'

/** What an upstream's body turned out to be. */
export type UpstreamBody =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'html'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'binary'
      /** Its content codings as they are named, where they could not be undone. */
      readonly codings: string
    }

/** No body is decompressed beyond this many bytes, so that a small answer cannot fill the memory. */
const MAX_DECOMPRESSED = 256 * 1024

// A flush that does not insist on the end makes the start of a cut body readable.
const zlibOptions = { maxOutputLength: MAX_DECOMPRESSED, finishFlush: constants.Z_SYNC_FLUSH }
const brotliOptions = { maxOutputLength: MAX_DECOMPRESSED, finishFlush: constants.BROTLI_OPERATION_FLUSH }

// As wide as the window of this coding may be in HTTP: 8 MB (RFC 9659, 3). ZSTD_d_windowLogMax is 100.
const zstdOptions = { maxOutputLength: MAX_DECOMPRESSED, params: { 100: 23 } }

type Decoder = (bytes: Buffer) => Buffer

/** Node.js has it from 22.15 on; before, such bodies stay as they are. */
const { zstdDecompressSync = (bytes: Buffer) => bytes } = zlib as {
  readonly zstdDecompressSync?: (bytes: Buffer, options: typeof zstdOptions) => Buffer
}

/** The content codings that Node.js can undo (RFC 9110, 8.4.1). */
const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', bytes => gunzipSync(bytes, zlibOptions)],
  ['x-gzip', bytes => gunzipSync(bytes, zlibOptions)],
  ['deflate', inflate],
  ['br', bytes => brotliDecompressSync(bytes, brotliOptions)],
  ['zstd', bytes => zstdDecompressSync(bytes, zstdOptions)],
])

/** Tells what the bytes of an answer are, decompressed and decoded. Never throws, whatever the bytes and headers. */
export function readBody(bytes: Buffer, headers: Headers): UpstreamBody {
  const plain = decompress(bytes, headers)
  const text = decodeText(plain)
  if (text === undefined) return { kind: 'binary', codings: plain === bytes ? codingsOf(headers) : '' }
  if (text.trim() === '') return { kind: 'nothing' }
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    const kind = isHtml(text, firstValue(headers['content-type']) ?? '') ? 'html' : 'text'
    return { kind, text }
  }
}

/** Whether {@link readBody} can make a text of the bytes of an answer, or they are none. */
export function isText(bytes: Buffer, headers: Headers): boolean {
  return decodeText(decompress(bytes, headers)) !== undefined
}

/**
 * The bytes of an answer without the codings that its headers name. Those that are not what the headers say stay as they
 * are: gateways label plain errors with the coding of the page. Never throws.
 */
export function decompress(bytes: Buffer, headers: Headers): Buffer {
  const codings = codingsOf(headers).split(',')
  try {
    return codings.reduceRight((rest, coding) => decoders.get(coding.trim())?.(rest) ?? rest, bytes)
  } catch {
    return bytes
  }
}

function codingsOf(headers: Headers): string {
  return [headers['content-encoding'] ?? ''].flat().join().toLowerCase()
}

// "deflate" is the zlib format, but some servers send the bare one; the low four bits of zlib's first byte are 8.
function inflate(bytes: Buffer): Buffer {
  return bytes.readUInt8() % 16 === 8 ? inflateSync(bytes, zlibOptions) : inflateRawSync(bytes, zlibOptions)
}

/** UTF-8, else Latin-1; `undefined` where control characters show that it is no text at all. */
function decodeText(bytes: Buffer): string | undefined {
  const text = decodeUtf8(bytes) ?? bytes.toString('latin1')
  return /[^\P{Cc}\t\n\f\r]/u.test(text) ? undefined : text
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    // Streaming leaves out a character that the end of a cut body splits, instead of failing on it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

function isHtml(text: string, contentType: string): boolean {
  const start = text.trimStart().slice(0, 20).toLowerCase()
  return start.startsWith('<') && (contentType.includes('html') || /^<(!doctype html|html|head|body)/.test(start))
}
