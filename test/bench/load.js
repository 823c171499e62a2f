import { connect } from 'node:net'

/** What clients of the API send. */
export function request(...headers) {
  const lines = ['GET /v2/policy?policy.severity=high HTTP/1.1', 'host: 127.0.0.1', 'accept: application/json']
  return Buffer.from(
    [...lines, 'accept-encoding: gzip, deflate', 'user-agent: bench/1', ...headers, '', ''].join('\r\n'),
  )
}

const END_OF_HEAD = '\r\n\r\n'

/** How long the last answers of a window may take, in milliseconds. */
const DEADLINE = 60_000

/** Kept connections to a proxy, each of which sends one request after the other while the load is on. */
export class Load {
  #clients
  #requests
  #sent = 0
  #times
  #isOn = false
  #underWay = 0
  #allAnswered
  #fail

  /** The requests are sent in turn. */
  constructor(port, connections, requests = [request()]) {
    this.#requests = requests
    this.#clients = Array.from({ length: connections }, () => this.#client(port))
  }

  /**
   * Keeps every connection busy for so many milliseconds, and gives the time in milliseconds that each answer took.
   * Rejects when anything but good answers comes, or no answer for a minute.
   */
  async window(milliseconds) {
    this.#times = []
    this.#isOn = true
    const off = setTimeout(() => {
      this.#isOn = false
    }, milliseconds)
    const late = setTimeout(() => this.#fail(new Error('not all requests were answered')), milliseconds + DEADLINE)
    try {
      await new Promise((resolve, reject) => {
        this.#allAnswered = resolve
        this.#fail = reject
        for (const ask of this.#clients) ask.next()
      })
    } finally {
      clearTimeout(off)
      clearTimeout(late)
    }
    return this.#times
  }

  end() {
    this.#isOn = false
    for (const { socket } of this.#clients) socket.destroy()
  }

  /** A connection, and the way to have it ask once. */
  #client(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let [askedAt, received, size] = [0, 0, 0]
    const next = () => {
      this.#underWay++
      ;[askedAt, received, size] = [performance.now(), 0, 0]
      socket.write(this.#requests[this.#sent++ % this.#requests.length])
    }
    socket.on('data', chunk => {
      if (size === 0) size = sizeOf(chunk)
      received += chunk.length
      if (Number.isNaN(size)) this.#fail(new Error(`no good answer: ${chunk}`))
      if (received < size) return
      this.#times.push(performance.now() - askedAt)
      this.#underWay--
      if (this.#isOn) next()
      else if (this.#underWay === 0) this.#allAnswered()
    })
    socket.on('error', error => this.#fail(error))
    socket.on('end', () => this.#fail(new Error('a connection was closed')))
    return { socket, next }
  }
}

/** Keeps a proxy busy for so many milliseconds, on connections of its own; `load` are the arguments of a {@link Load}. */
export async function busy(milliseconds, ...load) {
  const warming = new Load(...load)
  await warming.window(milliseconds)
  warming.end()
}

/** How long an answer will be, by its beginning, which holds all of the head; NaN where that is not good. */
function sizeOf(chunk) {
  const end = chunk.indexOf(END_OF_HEAD)
  const head = chunk.toString('latin1', 0, end)
  if (end < 0 || !head.startsWith('HTTP/1.1 200 ')) return Number.NaN
  return end + END_OF_HEAD.length + Number(/^content-length: (\d+)$/im.exec(head)?.[1])
}
