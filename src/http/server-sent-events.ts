/** An event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** Empty if the event has none. */
  readonly id: string
  /** What the event is about: `message` unless the stream says. */
  readonly type: string
  readonly data: string
}

/**
 * Reads server-sent events (HTML Living Standard, 9.2) as the proxy writes them: LF as line end, one line of data each.
 * Ends with the stream.
 */
export async function* serverSentEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) {
      const event = eventIn(block)
      if (event) yield event
    }
  }
}

/** The event that the lines of a block make; undefined for a comment. */
function eventIn(block: string): ServerSentEvent | undefined {
  const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: ?(.*)/s, 2)))
  const { id = '', event = 'message', data } = fields
  return data === undefined ? undefined : { id, type: event, data }
}
