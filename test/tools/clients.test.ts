import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { curl, run, spawnBare } from '../support/process.ts'
import { atVendor, type SimulatorProcess, startProxyProcess, startSimulatorProcess } from '../support/stack.ts'

type Environment = Readonly<Record<string, string>>

const CLIENTS = resolve(import.meta.dirname, 'clients')

/** Of a token, in seconds. */
const LIFETIME = 2

/** A token is extended when no less than 0.4 of its life has passed: so many extensions in a row take 3.2 lifetimes. */
const EXTENSIONS = 8

const CLIENT_TOKEN = 'token-of-the-only-client'

/** What a client has come to. */
interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a client to its end. */
function start(t: Test, program: string, args: readonly string[], env: Environment): Promise<Ended> {
  const child = spawnBare(program, args, env, CLIENTS)
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', chunk => {
      output[stream] += chunk
    })
  }
  t.teardown(() => child.kill('SIGKILL'))
  return new Promise(resolve => child.once('close', code => resolve({ code: code ?? -1, ...output })))
}

/** The SDK takes any host but the vendor's for a Compute console: the https proxy leads it here. */
const startPython = (t: Test, proxy: string, caFile: string, env: Environment, mode = 'loop') =>
  start(t, '/usr/bin/python3', ['sdk.py', mode], {
    PC_URL: 'api2.prismacloud.io',
    PC_IDENTITY: 'any',
    HTTPS_PROXY: proxy,
    PC_VERIFY: caFile,
    ...env,
  })

function startGo(t: Test, url: string, env: Environment, mode = 'loop') {
  const { protocol, hostname, port } = new URL(url)
  return start(t, 'go', ['run', 'sdk.go', mode], {
    GO111MODULE: 'off',
    GOCACHE: join(t.testdirName, 'go'),
    PRISMACLOUD_URL: hostname,
    PRISMACLOUD_PROTOCOL: protocol.replace(':', ''),
    PRISMACLOUD_PORT: port,
    PRISMACLOUD_USERNAME: 'any',
    ...env,
  })
}

/** As `prismacloud-proxy ca` tells. */
async function startJava(t: Test, bases: readonly string[], caFile: string, env: Environment) {
  const store = join(t.testdirName, 'trust.p12')
  const source = ['-alias', 'prismacloud-proxy', '-file', caFile]
  await run('keytool', ['-importcert', '-noprompt', ...source, '-keystore', store, '-storepass', 'changeit'])
  const trust = [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit']
  return start(t, 'java', [...trust, 'Client.java'], { BASES: bases.join(' '), ...env })
}

/** A simulator at the vendor's address, and a proxy that listens for http and https and keeps its state in a folder. */
async function startBoth(t: Test, lifetime: number, folder: string, env: Environment = {}) {
  const simulator = await startSimulatorProcess(t, lifetime)
  const stack = await startProxyProcess(t, simulator, {
    ...(await atVendor(t, simulator)),
    PRISMACLOUD_PROXY_CONNECT_ENABLED: 'true',
    PRISMACLOUD_PROXY_LISTEN_TLS: 'auto',
    PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: 'localhost:0',
    XDG_STATE_HOME: folder,
    ...env,
  })
  const [, secureProxy = ''] = await stack.cli.until(/listening at (https:[^"]+)/)
  return { ...stack, secureProxy, caFile: join(folder, 'prismacloud-proxy', 'ca.pem') }
}

/** The same, where clients have to show a token. */
function startClosed(t: Test) {
  const folder = t.testdir({ token: CLIENT_TOKEN })
  return startBoth(t, 600, folder, { PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE: join(folder, 'token') })
}

/** Asks with the clients that know no loops, and gives the bodies and all that came with them. Rejects at an error. */
async function askBriefly(base: string, caFile: string) {
  const trust = ['--fail', '--cacert', caFile]
  const login = await curl(...trust, '-d', '{}', `${base}/login`)
  const policies = await curl(...trust, `${base}/v2/policy`)
  const wget = await run('wget', ['-S', '-O', '-', '--ca-certificate', caFile, `${base}/v2/policy`])
  return { bodies: [policies.body, wget.stdout], all: JSON.stringify([login, policies, wget]) }
}

/** How often the session was made or extended, and which of the clients the simulator has seen lately. */
async function observe(simulator: SimulatorProcess) {
  const state = await simulator.control('GET', 'state')
  const { counts, requests } = state as {
    counts: { logins: number; extensions: number }
    requests: { url: string }[]
  }
  const names = requests.map(({ url }) => /\?client=(\w+)/.exec(url)?.[1] ?? '')
  return { renewals: counts.logins + counts.extensions, seen: new Set(names) }
}

/** What a client prints at its end; one that failed has printed nothing. */
function readResult(stdout: string) {
  const { rounds = 0, extensions = 0, logins = 0 } = JSON.parse(stdout || '{}')
  return { rounds, extensions, logins }
}

/** All tokens in a text, by who issued them. */
function issuersIn(text: string): string[] {
  const payloads = [...text.matchAll(/eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g)].map(([, payload = '']) => payload)
  return payloads.map(payload => JSON.parse(Buffer.from(payload, 'base64url').toString()).iss)
}

t.test('clients of every kind get through three lifetimes of a token', { timeout: 120_000 }, async t => {
  const folder = t.testdir({})
  const { proxy, secureProxy, simulator, caFile } = await startBoth(t, LIFETIME, folder)
  const bases = [proxy, secureProxy]
  const stop = join(folder, 'stop')
  const env = { STOP: stop }
  const clients = {
    python: startPython(t, proxy, caFile, { PC_SECRET: 'any', EXTEND_AFTER: '0.5', ...env }),
    go: startGo(t, proxy, { PRISMACLOUD_PASSWORD: 'any', ...env }),
    java: startJava(t, bases, caFile, env),
    fetch: start(t, process.execPath, ['fetch.js'], { BASE: secureProxy, NODE_EXTRA_CA_CERTS: caFile, ...env }),
  }
  const names = Object.keys(clients)
  let isOneGone = false
  void Promise.race(Object.values(clients)).finally(() => {
    isOneGone = true
  })

  const [bodies, output] = [new Set<string>(), new Set<string>()]
  const ask = async () => {
    for (const base of bases) {
      const answers = await askBriefly(base, caFile)
      for (const body of answers.bodies) bodies.add(body)
      output.add(answers.all)
    }
    return observe(simulator)
  }
  let now = await ask()
  while (!isOneGone && !names.every(name => now.seen.has(name))) now = await ask()
  // the first of them may have been under way
  const end = now.renewals + EXTENSIONS + 1
  while (!isOneGone && now.renewals < end) now = await ask()
  writeFileSync(stop, '')

  for (const [name, running] of Object.entries(clients)) {
    const { code, stdout, stderr } = await running
    t.equal(code, 0, `${name} ${stderr}`)
    t.ok(readResult(stdout).rounds > 1, `${name} had more than a round`)
    output.add(stdout).add(stderr)
  }
  t.equal(bodies.size, 1, 'curl and wget always saw the same')
  t.ok(readResult((await clients.python).stdout).extensions > 1)
  t.equal(readResult((await clients.go).stdout).logins, 1)
  t.strictSame([...new Set(issuersIn([...output].join('\n')))], ['prismacloud-proxy'], 'no client sees the session')
})

t.test('the Python SDK ends with what the proxy says', async t => {
  const { proxy, caFile } = await startClosed(t)
  const refused = await startPython(t, proxy, caFile, { PC_SECRET: 'no-token-of-a-client' })
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^POST \/login: 401 .*Log in with the client token as the password/)

  const failed = await startPython(t, proxy, caFile, { PC_SECRET: CLIENT_TOKEN }, 'error')
  t.equal(failed.code, 1)
  const [, message = ''] = /^GET \/alert\/none: 404 (.*)/s.exec(failed.stderr) ?? []
  t.match(JSON.parse(message || '{}'), { type: /upstream-error/, detail: /^not_found: alert/, instance: '/alert/none' })
})

t.test('the Go SDK logs in anew after a 401, and reads x-redlock-status', async t => {
  const { proxy } = await startClosed(t)
  // what exists already ends the loop after one round
  const env = { PRISMACLOUD_PASSWORD: CLIENT_TOKEN, TOKEN: 'stale', STOP: CLIENTS }
  const healed = await startGo(t, proxy, env)
  t.equal(healed.code, 0, healed.stderr)
  t.match(readResult(healed.stdout), { rounds: 1, logins: 1 })

  const failed = await startGo(t, proxy, env, 'error')
  t.equal(failed.code, 1)
  t.match(failed.stderr, /^\/alert\/none: 404, x-redlock-status \[\{I18nKey:not_found Subject:alert\}\]/)

  const refused = await startGo(t, proxy, { ...env, PRISMACLOUD_PASSWORD: 'no-token-of-a-client' })
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^\/login: 401, .*client-unauthorized/)
})
