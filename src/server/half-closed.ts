import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'

/** What every answer begins with, to clients of HTTP/1.0 too. */
const BEGINNING = 'HTTP/1.1 '

/** Says nothing in front of the size of a chunk (RFC 9112, 7.1). */
const LEADING_ZERO = '0'

/** The milliseconds before each time that a byte is sent; 0 is the next turn of the event loop. */
const WAITS = [0, 0, 0, 1_000, 10_000]

/** How long a client is waited for to which no byte can be sent, in milliseconds. */
const SILENCE = 5_000

/**
 * Ends a connection whose client has closed its side, unless it still waits for its answers. Both look the same until
 * something is sent: a client that has left resets the connection, and the next byte cannot be sent. So a few bytes of the
 * answer go ahead of the rest. Where there are none to send, silence says that the client has left. `current` gives the
 * answer whose turn it is, as long as there is one.
 */
export async function endIfLeft(
  socket: Socket,
  current: () => ServerResponse | undefined,
  clock: Clock,
): Promise<void> {
  const ahead = new Ahead(socket)
  let isAsked = false
  for (const ms of WAITS) {
    await new Promise<void>(resolve => void (ms === 0 ? setImmediate(resolve) : clock.setTimeout(resolve, ms)))
    const response = current()
    if (!socket.writable || !response) return
    if (!ahead.send(response)) {
      if (!isAsked) endIfSilent(socket, response)
      return
    }
    isAsked = true
  }
}

function endIfSilent(socket: Socket, response: ServerResponse): void {
  // while bytes wait to be sent, the system notices the reset by itself
  response.setTimeout(SILENCE, () => void (socket.writableLength === 0 && socket.destroy()))
  response.once('close', () => socket.setTimeout(0))
}

/** Sends bytes of answers ahead of the rest. */
class Ahead {
  readonly #socket: Socket
  readonly #write: Socket['write']
  /** How much of an answer's beginning is sent. */
  #sent = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.#write = socket.write
  }

  /** Sends a byte, where there is one at this point of an answer. */
  send(response: ServerResponse): boolean {
    if (!response.headersSent) this.#sendBeginning()
    else if (response.chunkedEncoding && !response.writableEnded) this.#socket.write(LEADING_ZERO)
    else return false
    return true
  }

  #sendBeginning(): void {
    if (this.#sent === 0) this.#leaveOutOfNext()
    this.#write.call(this.#socket, BEGINNING.charAt(this.#sent++))
  }

  /** The head of an answer is the next that is written, and is written at once. */
  #leaveOutOfNext(): void {
    this.#socket.write = (head: string | Uint8Array, ...rest: unknown[]) => {
      const left = head.slice(this.#sent)
      this.#sent = 0
      this.#socket.write = this.#write
      return Reflect.apply(this.#write, this.#socket, [left, ...rest])
    }
  }
}
