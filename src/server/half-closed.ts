import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'

/** The start of every response, even to HTTP/1.0 clients. */
const BEGINNING = 'HTTP/1.1 '

/** A leading zero does not change the size of a chunk (RFC 9112, 7.1). */
const LEADING_ZERO = '0'

/** The wait before each byte, in milliseconds; 0 is the next turn of the event loop. */
const WAITS = [0, 0, 0, 1_000, 10_000]

/** The timeout for a client when there is no byte to send, in milliseconds. */
const SILENCE = 5_000

/**
 * Ends a half-closed connection if its client has left instead of waiting for responses. The two cases look the same
 * until something is sent: a client that has left resets the connection, and the next write fails. So a few bytes of
 * the response are sent early. If there are none to send, the connection ends after a timeout without traffic.
 * `current` returns the response to send next, if any.
 */
export async function endIfLeft(
  socket: Socket,
  current: () => ServerResponse | undefined,
  clock: Clock,
): Promise<void> {
  const early = new EarlyBytes(socket)
  let isProbed = false
  for (const ms of WAITS) {
    await new Promise<void>(resolve => void (ms === 0 ? setImmediate(resolve) : clock.setTimeout(resolve, ms)))
    const response = current()
    if (!socket.writable || !response) return
    if (!early.send(response)) {
      if (!isProbed) endIfSilent(socket, response)
      return
    }
    isProbed = true
  }
}

function endIfSilent(socket: Socket, response: ServerResponse): void {
  // while bytes are waiting to be sent, the write fails anyway if the client has left
  response.setTimeout(SILENCE, () => void (socket.writableLength === 0 && socket.destroy()))
  response.once('close', () => socket.setTimeout(0))
}

/** Sends single bytes of responses before the rest. */
class EarlyBytes {
  readonly #socket: Socket
  readonly #write: Socket['write']
  /** The number of bytes of {@link BEGINNING} that are sent. */
  #sent = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.#write = socket.write
  }

  /** Sends a byte of a response, if its current state permits that. Returns whether it did. */
  send(response: ServerResponse): boolean {
    if (!response.headersSent) this.#sendBeginning()
    else if (response.chunkedEncoding && !response.writableEnded) this.#socket.write(LEADING_ZERO)
    else return false
    return true
  }

  #sendBeginning(): void {
    if (this.#sent === 0) this.#skipInNextWrite()
    this.#write.call(this.#socket, BEGINNING.charAt(this.#sent++))
  }

  /** Skips the bytes already sent in the next write, which is the whole head of the response. */
  #skipInNextWrite(): void {
    this.#socket.write = (head: string | Uint8Array, ...rest: unknown[]) => {
      const left = head.slice(this.#sent)
      this.#sent = 0
      this.#socket.write = this.#write
      return Reflect.apply(this.#write, this.#socket, [left, ...rest])
    }
  }
}
