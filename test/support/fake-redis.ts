import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Test } from 'tap'

/** What a fake Redis replies with: an error, a push message (RESP3), or a value. */
export type Reply = string | number | null | readonly Reply[] | Error | ReadonlyMap<string, string> | Push

/** A message that nobody asked for. */
class Push {
  readonly parts: readonly Reply[]

  constructor(...parts: readonly Reply[]) {
    this.parts = parts
  }
}

/** Replies to one command; with undefined, the fake says nothing. */
export type Answer = (command: readonly string[]) => Reply | undefined

/** A server that speaks RESP3, for tests without Debian's redis-server. It ends with the test. */
export interface FakeRedis {
  readonly port: number
  readonly url: string
  /** The commands that came, oldest first. */
  readonly commands: readonly (readonly string[])[]
  /** Replies from now on; what it leaves undefined hangs. */
  answer: Answer
  /** Breaks every connection off. */
  cut(): void
  /** Sends a message to every connection that listens. */
  publish(channel: string, message: string): void
  /** How many connections are open. */
  connections(): number
}

/** What a healthy Redis replies to the commands of the fleet. Scripts return 1. */
export const healthy: Answer = ([name = '', first = '']) => {
  if (name === 'HELLO')
    return new Map([
      ['server', 'redis'],
      ['version', '7.0.15'],
      ['role', 'master'],
    ] as const)
  if (name === 'SUBSCRIBE') return new Push('subscribe', first, 1)
  if (name === 'INFO') return 'maxmemory:0\r\nmaxmemory_policy:noeviction\r\n'
  if (name === 'PING') return 'PONG'
  return name.startsWith('EVAL') ? 1 : 'OK'
}

/** A fake that replies with an error to some commands, by their names, and to the rest as a healthy Redis does. */
export function failing(errors: Readonly<Record<string, string>>): Answer {
  return command => {
    const error = errors[`${command[0]}`]
    return error === undefined ? healthy(command) : new Error(error)
  }
}

/** Starts a fake Redis, with TLS if it is given a certificate. */
export async function startFakeRedis(t: Test, answer: Answer = healthy, tls?: TlsOptions): Promise<FakeRedis> {
  const sockets = new Map<Socket, { listens: boolean }>()
  const commands: (readonly string[])[] = []
  const serve = (socket: Socket) => {
    const state = { listens: false }
    sockets.set(socket, state)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let unread = ''
    socket.setEncoding('utf8').on('data', chunk => {
      unread += chunk
      for (let parsed = parse(unread); parsed; parsed = parse(unread)) {
        unread = unread.slice(parsed.length)
        const [name = '', ...args] = parsed.command
        // the library writes some in small letters
        const command = [name.toUpperCase(), ...args]
        commands.push(command)
        if (command[0] === 'SUBSCRIBE') state.listens = true
        const reply = fake.answer(command)
        if (reply !== undefined) socket.write(encode(reply))
      }
    })
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const fake: FakeRedis = {
    port,
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    commands,
    answer,
    cut() {
      for (const socket of sockets.keys()) socket.destroy()
    },
    publish(channel, message) {
      for (const [socket, { listens }] of sockets)
        if (listens) socket.write(encode(new Push('message', channel, message)))
    },
    connections: () => sockets.size,
  }
  t.teardown(() => {
    fake.cut()
    server.close()
  })
  return fake
}

/** The first command in a text, an array of bulk strings, and its length. All tests send ASCII. */
function parse(text: string): { command: string[]; length: number } | undefined {
  const [head, count] = /^\*(\d+)\r\n/.exec(text) ?? []
  let at = head?.length ?? 0
  const command: string[] = []
  while (command.length < Number(count)) {
    const [start, size] = /^\$(\d+)\r\n/.exec(text.slice(at)) ?? []
    const from = at + (start?.length ?? 0)
    at = from + Number(size) + 2
    if (start === undefined || at > text.length) return undefined
    command.push(text.slice(from, at - 2))
  }
  return head === undefined ? undefined : { command, length: at }
}

function encode(reply: Reply): string {
  if (reply === null) return '_\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (reply instanceof Error) return `-${reply.message}\r\n`
  if (reply instanceof Push) return `>${reply.parts.length}\r\n${reply.parts.map(encode).join('')}`
  if (reply instanceof Map) return `%${reply.size}\r\n${[...reply].flat().map(encode).join('')}`
  const list = reply as readonly Reply[]
  return `*${list.length}\r\n${list.map(encode).join('')}`
}
