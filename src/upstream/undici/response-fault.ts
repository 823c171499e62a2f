import { CHECK_SCHEME } from '../explanations.ts'

/** The first byte of a TLS alert and of a TLS handshake record (RFC 8446, 5.1). */
const TLS_RECORDS = [0x15, 0x16]

/** Where an HTTP/2 frame holds its type, and the type of the first frame, SETTINGS (RFC 9113, 3.4 and 4.1). */
const H2_TYPE_AT = 3
const H2_SETTINGS = 4

const BOTH_LENGTHS = 'it has both content-length and transfer-encoding'
const BAD_LENGTH = 'its content-length is not a single whole number'
const BAD_LINE = 'a header line does not end in CR LF'
const BAD_VERSION = 'its version is neither HTTP/1.1 nor HTTP/1.0'
const BAD_CHUNK_SIZE = 'a chunk has an invalid size'
const BAD_CHUNK_END = 'a chunk is longer than its size says'
const BAD_STATUS = 'its status is not a number of three digits'

/** Descriptions of faults by the reason that llhttp, undici's parser, reports. */
const FAULTS: Readonly<Record<string, string>> = {
  'Duplicate Content-Length': 'it has more than one content-length',
  "Content-Length can't be present with Transfer-Encoding": BOTH_LENGTHS,
  "Transfer-Encoding can't be present with Content-Length": BOTH_LENGTHS,
  'Empty Content-Length': BAD_LENGTH,
  'Invalid character in Content-Length': BAD_LENGTH,
  'Content-Length overflow': 'its content-length is too large',
  'Invalid header token': 'a header has no colon, or an invalid character in its name',
  'Invalid header value char': 'a header has a control character in its value',
  'Unexpected whitespace after header value': 'a header is continued on the next line (obsolete line folding)',
  'Unexpected space after start line': 'its first header starts with a space',
  'Missing expected CR after response line': BAD_LINE,
  'Missing expected CR after header value': BAD_LINE,
  'Missing expected LF after header value': BAD_LINE,
  'Expected LF after headers': BAD_LINE,
  'Expected LF after CR': BAD_LINE,
  'Invalid HTTP version': BAD_VERSION,
  'Invalid major version': BAD_VERSION,
  'Invalid minor version': BAD_VERSION,
  'Expected dot': BAD_VERSION,
  'Invalid status code': BAD_STATUS,
  'Invalid response status': BAD_STATUS,
  'Invalid character in chunk size': BAD_CHUNK_SIZE,
  'Chunk size overflow': BAD_CHUNK_SIZE,
  'Missing expected CR after chunk size': BAD_CHUNK_SIZE,
  'Expected LF after chunk size': BAD_CHUNK_SIZE,
  'Missing expected CR after chunk data': BAD_CHUNK_END,
  'Expected LF after chunk data': BAD_CHUNK_END,
}

/**
 * Describes what is wrong with a response, in the form that {@link InvalidResponseError} takes. `reason` comes from
 * llhttp; `rest` holds the bytes from the one on which it failed.
 */
export function responseFault(reason: string, rest: Buffer): string {
  if (reason.startsWith('Expected HTTP/')) return faultAtStart(rest)
  if (reason.includes('chunk extension')) return 'a chunk has an invalid extension'
  return FAULTS[reason] ?? CHECK_SCHEME
}

function faultAtStart(rest: Buffer): string {
  if (TLS_RECORDS.includes(rest.readUInt8())) return `it is TLS: ${CHECK_SCHEME}`
  if (rest[H2_TYPE_AT] === H2_SETTINGS) return `it is HTTP/2, but the request was HTTP/1.1: ${CHECK_SCHEME}`
  return `it does not start with HTTP/1.1: ${CHECK_SCHEME}`
}
