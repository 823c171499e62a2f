// In place of redis-server and of a proxy, for tests of what starts both: `-` makes it a server that tells everybody who is
// connected, `start` a member that connects to it, and `idle` before that one that never logs in.
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'

const RETRY = 20

/** Calls `heard` with each line that comes. */
function lines(socket, heard) {
  let unread = ''
  socket.setEncoding('utf8').on('data', chunk => {
    const [last, ...whole] = (unread + chunk).split('\n').reverse()
    unread = last
    for (const line of whole.reverse()) heard(line)
  })
}

async function serveRedis(port) {
  const password = /^requirepass (\S+)$/m.exec(await text(process.stdin))?.[1]
  const members = new Map()
  const tell = () => {
    for (const socket of members.keys()) socket.write(`${JSON.stringify([...members.values()])}\n`)
  }
  const server = createServer(socket => {
    socket.on('error', () => {}).on('close', () => members.delete(socket) && tell())
    lines(socket, line => {
      const [given, name] = line.split(' ')
      if (given !== password) return socket.destroy()
      members.set(socket, name)
      tell()
    })
  })
  server.listen(port, '127.0.0.1', () =>
    process.stdout.write('# Server initialized\n* Ready to accept connections tcp\n'),
  )
}

function serveProxy(mayLogIn) {
  const { PC_URL, PRISMACLOUD_PROXY_FLEET_REDIS_URL, PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD } = process.env
  const { hostname, port } = new URL(PRISMACLOUD_PROXY_FLEET_REDIS_URL)
  const self = `fake/${process.pid}`
  const fleet = { state: 'connecting', reason: null, members: [] }
  let [isNew, lastRenewal] = [true, null]
  const server = createHttpServer((request, response) => {
    const members = fleet.members.map(name => ({ name, isThis: name === self, lastRenewal }))
    response.end(request.url === '/_proxy/status' ? JSON.stringify({ fleet: { ...fleet, members } }) : '[]')
  })
  const heard = async line => {
    Object.assign(fleet, { state: 'up', reason: null, members: JSON.parse(line) })
    if (!isNew) return
    isNew = false
    if (mayLogIn && fleet.members.length === 1) {
      await fetch(`${PC_URL}/login`, { method: 'POST' })
      lastRenewal = new Date().toISOString()
    }
    server.listen(0, '127.0.0.1', () => {
      process.stdout.write(`{"msg":"listening at http://127.0.0.1:${server.address().port}"}\nmore\n`)
    })
  }
  const join = () => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD} ${self}\n`)
    })
    lines(socket, heard)
    socket
      .on('error', () => {})
      .on('close', () => {
        Object.assign(fleet, { state: 'down', reason: 'Redis is gone' })
        setTimeout(join, RETRY)
      })
  }
  join()
}

const args = process.argv.slice(2)
if (args[0] === '-') await serveRedis(Number(args[args.indexOf('--port') + 1]))
else serveProxy(args[0] === 'start')
