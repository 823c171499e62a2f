import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'

/** Types of frames (RFC 9113, 6). */
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4

/** Before the payload of each frame stand its length, type, flags and stream (RFC 9113, 4.1). */
const HEAD_LENGTH = 9
const LENGTH_BYTES = 3
const TYPE_AT = 3
const STREAM_AT = 5

/** The client is to try again with HTTP/1.1 (RFC 9113, 7). */
const HTTP_1_1_REQUIRED = 0xd

/** The client has so many milliseconds to read that and to close the connection. */
const PATIENCE = 5_000

const NOTHING = Buffer.alloc(0)

/**
 * Tells a client that speaks HTTP/2 without having asked (RFC 9113, 3.3) that HTTP/1.1 is spoken here: as an error of each
 * of its requests, which some clients, such as curl, then send again by HTTP/1.1. `first` is what came behind the preface.
 */
export function refuseHttp2(socket: Socket, first: Buffer, clock: Clock): void {
  // closed at once, the connection looks broken to curl
  const timer = clock.setTimeout(() => socket.destroy(), PATIENCE)
  socket.once('close', () => clock.clearTimeout(timer))
  socket.write(frame(SETTINGS, 0, NOTHING))
  const read = requestReader(stream => socket.write(frame(RST_STREAM, stream, required())))
  // Node.js would take it for the rest of what is malformed
  socket.removeAllListeners('data').on('data', read)
  read(first)
}

/** Reads frames as they come, and calls `found` with the stream of each request. */
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
