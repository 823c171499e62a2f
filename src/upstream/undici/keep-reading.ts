import type { Socket } from 'node:net'

/** How a write fails on a connection that the other side has closed. */
const CLOSED = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])

type Done = (error?: Error | null) => void

/**
 * Has a connection be read to its end although the other side takes no more. Who refuses an upload early answers and closes;
 * Node.js destroys the socket when the next write fails, with the answer in it unread.
 */
export function readOn(socket: Socket): void {
  const { _write: write, _writev: writev } = socket
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, unlessClosed(done))
  if (writev) socket._writev = (chunks, done) => writev.call(socket, chunks, unlessClosed(done))
}

/** A write to a closed connection is never done: nothing more is written, and the end of what is read is the end of all. */
function unlessClosed(done: Done): Done {
  return (error?: NodeJS.ErrnoException | null) => {
    if (!error || !CLOSED.has(String(error.code))) done(error)
  }
}
