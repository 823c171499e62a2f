import * as zlib from 'node:zlib'
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { firstValue, type Headers } from '../http/headers.ts'

/** A response body, decompressed, decoded and classified. */
export type UpstreamBody =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'html'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'binary'
      /** The content codings that the headers name, if the body could not be decompressed; else empty. */
      readonly codings: string
    }

/** The maximum size of a decompressed body in bytes, so that a small response cannot exhaust the memory. */
const MAX_DECOMPRESSED = 256 * 1024

// A flush mode that does not require the end of the stream lets the start of a truncated body be read.
const zlibOptions = { maxOutputLength: MAX_DECOMPRESSED, finishFlush: constants.Z_SYNC_FLUSH }
const brotliOptions = { maxOutputLength: MAX_DECOMPRESSED, finishFlush: constants.BROTLI_OPERATION_FLUSH }

// The largest window that HTTP allows for zstd: 2^23 bytes, 8 MiB (RFC 9659, 3). 100 is ZSTD_d_windowLogMax.
const zstdOptions = { maxOutputLength: MAX_DECOMPRESSED, params: { 100: 23 } }

type Decoder = (bytes: Buffer) => Buffer

/** Available since Node.js 22.15; earlier versions leave such bodies compressed. */
const { zstdDecompressSync = (bytes: Buffer) => bytes } = zlib as {
  readonly zstdDecompressSync?: (bytes: Buffer, options: typeof zstdOptions) => Buffer
}

/** The content codings that Node.js can decode (RFC 9110, 8.4.1). */
const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', bytes => gunzipSync(bytes, zlibOptions)],
  ['x-gzip', bytes => gunzipSync(bytes, zlibOptions)],
  ['deflate', inflate],
  ['br', bytes => brotliDecompressSync(bytes, brotliOptions)],
  ['zstd', bytes => zstdDecompressSync(bytes, zstdOptions)],
])

/** Decompresses, decodes and classifies a response body. Never throws, whatever the bytes and headers. */
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

/** Whether {@link readBody} can decode a response body as text; true for an empty body. */
export function isText(bytes: Buffer, headers: Headers): boolean {
  return decodeText(decompress(bytes, headers)) !== undefined
}

/**
 * Undoes the content codings that the headers of a response name. A body that is not encoded as the headers claim is
 * returned unchanged: gateways label plain error pages with the coding of the page they replace. Never throws.
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

// "deflate" means the zlib format, whose first byte has 8 in its low four bits, but some servers send raw deflate.
function inflate(bytes: Buffer): Buffer {
  return bytes.readUInt8() % 16 === 8 ? inflateSync(bytes, zlibOptions) : inflateRawSync(bytes, zlibOptions)
}

/** Decodes UTF-8, else Latin-1. Returns undefined if control characters show that the bytes are not text. */
export function decodeText(bytes: Buffer): string | undefined {
  const text = decodeUtf8(bytes) ?? bytes.toString('latin1')
  return /[^\P{Cc}\t\n\f\r]/u.test(text) ? undefined : text
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    // In streaming mode, a character that the end of a truncated body splits is dropped instead of rejected.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

function isHtml(text: string, contentType: string): boolean {
  const start = text.trimStart().slice(0, 20).toLowerCase()
  return start.startsWith('<') && (contentType.includes('html') || /^<(!doctype html|html|head|body)/.test(start))
}
