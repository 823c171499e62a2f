/**
 * Reads the data of server-sent events (HTML Living Standard, 9.2) of one type, as the proxy writes them: a line with
 * the type, then one line of data. Ends with the stream.
 */
export async function* eventData(stream: AsyncIterable<Buffer>, type: string): AsyncGenerator<string> {
  let latestType = ''
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (line.startsWith('event: ')) latestType = line.slice('event: '.length)
      if (line.startsWith('data: ') && latestType === type) yield line.slice('data: '.length)
    }
  }
}
