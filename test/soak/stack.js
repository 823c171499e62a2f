import { Child, PROGRAM } from '../support/child.js'
import { CALL_TIMEOUT } from './incidents.js'

/** How long the simulator's tokens live, in seconds: a session rotates about once a second. */
const TOKEN_LIFETIME = 2

/** Starts a simulator and a proxy before it, each a process of its own, and tells their addresses and the secret key. */
export async function startStack() {
  const simulator = command('the simulator', ['simulate', '--port', '0', '--token-lifetime', `${TOKEN_LIFETIME}`])
  const simulatorUrl = await simulator.printed(/simulator (\S+)\n/)
  const secret = await simulator.printed(/secret key (\S+) /)
  const proxy = command('the proxy', ['start', '--listen-address', '127.0.0.1:0'], {
    PC_URL: simulatorUrl,
    PC_IDENTITY: await simulator.printed(/access key (\S+) /),
    PC_SECRET: secret,
    PRISMACLOUD_PROXY_SESSION_CALL_TIMEOUT: `${CALL_TIMEOUT}ms`,
  })
  const proxyUrl = await proxy.printed(/listening at (http:\S+?)"/)
  return { simulator, simulatorUrl, proxy, proxyUrl, secret }
}

function command(name, args, env) {
  return new Child(name, process.execPath, [...PROGRAM, ...args], env)
}
