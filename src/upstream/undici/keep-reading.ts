import type { Socket } from 'node:net'

/** Codes of a failed write on a connection that the other side has closed. */
const CLOSED = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])

type Done = (error?: Error | null) => void

/**
 * Keeps a connection readable after the other side has stopped reading. A server that rejects an upload early responds
 * and closes; Node.js would destroy the socket when the next write fails, with the response still unread in it.
 */
export function keepReading(socket: Socket): void {
  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, unlessClosed(done))
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, unlessClosed(done))
}

/**
 * Leaves a write to a closed connection pending forever: no more is written, and the connection ends when reading ends.
 */
function unlessClosed(done: Done): Done {
  return (error?: NodeJS.ErrnoException | null) => {
    if (!error || !CLOSED.has(String(error.code))) done(error)
  }
}
