/**
 * Reads the data of server-sent events (HTML Living Standard, 9.2) as the proxy writes them: one line of data each.
 * Ends with the stream.
 */
export async function* eventData(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length)
  }
}
