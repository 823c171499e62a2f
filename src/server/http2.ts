import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'

/** Frame types (RFC 9113, 6). */
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4

/** The layout of a frame header: length, type, flags, stream (RFC 9113, 4.1). */
const HEAD_LENGTH = 9
const LENGTH_BYTES = 3
const TYPE_AT = 3
const STREAM_AT = 5

/** The error code that asks the client to retry with HTTP/1.1 (RFC 9113, 7). */
const HTTP_1_1_REQUIRED = 0xd

/** How long the client has to read the error and close the connection, in milliseconds. */
const PATIENCE = 5_000

const NOTHING = Buffer.alloc(0)

/**
 * Tells a client that uses HTTP/2 with prior knowledge (RFC 9113, 3.3) that this server requires HTTP/1.1. Each request
 * gets that error, and some clients, such as curl, then retry with HTTP/1.1. `first` holds the bytes after the preface.
 */
export function refuseHttp2(socket: Socket, first: Buffer, clock: Clock): void {
  // if the connection closes at once, curl reports it as broken
  const timer = clock.setTimeout(() => socket.destroy(), PATIENCE)
  socket.once('close', () => clock.clearTimeout(timer))
  socket.write(frame(SETTINGS, 0, NOTHING))
  const read = requestReader(stream => socket.write(frame(RST_STREAM, stream, required())))
  // otherwise Node.js parses the frames as the rest of the malformed request
  socket.removeAllListeners('data').on('data', read)
  read(first)
}

/** Returns a reader of frames in chunks of any size. It calls `found` with the stream of each request. */
function requestReader(found: (stream: number) => void): (chunk: Buffer) => void {
  let head = NOTHING
  let skip = 0
  return chunk => {
    let rest = Buffer.concat([head, chunk.subarray(skip)])
    skip = Math.max(0, skip - chunk.length)
    while (rest.length >= HEAD_LENGTH) {
      const length = HEAD_LENGTH + rest.readUIntBE(0, LENGTH_BYTES)
      if (rest[TYPE_AT] === HEADERS) found(rest.readUInt32BE(STREAM_AT))
      skip = Math.max(0, length - rest.length)
      rest = rest.subarray(length)
    }
    head = rest
  }
}

function required(): Buffer {
  const code = Buffer.alloc(4)
  code.writeUInt32BE(HTTP_1_1_REQUIRED)
  return code
}

function frame(type: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_LENGTH)
  head.writeUIntBE(payload.length, 0, LENGTH_BYTES)
  head.writeUInt8(type, TYPE_AT)
  head.writeUInt32BE(stream, STREAM_AT)
  return Buffer.concat([head, payload])
}
