import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { newFolder } from './folder.ts'
import { outboundTo } from './outbound.ts'
import { issue, makeCa } from './pki.ts'
import { type RunningCli, startCli } from './process.ts'

/** The simulator and the proxy before it, each a process of its own, with TLS between them. */
export interface Stack {
  readonly proxy: string
  readonly simulator: SimulatorProcess
  readonly cli: RunningCli
}

/** A simulator that can be killed and brought back at the same address. */
export interface SimulatorProcess {
  readonly url: string
  readonly caFile: string
  /** Drives it through its own paths. */
  control(method: 'POST' | 'PUT' | 'DELETE' | 'GET', path: string, body?: unknown): Promise<unknown>
  kill(): Promise<void>
  start(): Promise<void>
}

/** Starts both. `lifetime` is that of the simulator's tokens, in seconds. */
export async function startStack(
  t: Test,
  lifetime: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  return startProxyProcess(t, await startSimulatorProcess(t, lifetime), env)
}

/** Starts a proxy before a simulator. */
export async function startProxyProcess(
  t: Test,
  simulator: SimulatorProcess,
  env: Readonly<Record<string, string>>,
): Promise<Stack> {
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], { ...credentials(simulator), ...env })
  const [, proxy = ''] = await cli.until(/listening at (http:\S+?)"/)
  return { proxy, simulator, cli }
}

/** The environment with which a proxy finds a simulator and its key. */
export function credentials({ url, caFile }: SimulatorProcess): Record<string, string> {
  return {
    PC_URL: url,
    PC_IDENTITY: DEMO_USER.accessKeyId,
    PC_SECRET: DEMO_USER.secretKey,
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: caFile,
  }
}

/** The environment with which a proxy finds a simulator at the vendor's own address. */
export async function atVendor(t: Test, { url }: SimulatorProcess): Promise<Record<string, string>> {
  return { PC_URL: 'app2', PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, url) }
}

/** Starts a command with a proxy of its own, before a simulator that is at the vendor's address. */
export async function startExec(
  t: Test,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCli> {
  return startCli(t, ['exec', '--', ...command], { ...(await execEnvironment(t)), ...env })
}

/** The environment for `exec`, with a key of a simulator that has the names of the vendor's hosts. */
export async function execEnvironment(t: Test): Promise<Record<string, string>> {
  const simulator = await startSimulatorProcess(t, 600)
  return { ...credentials(simulator), ...(await atVendor(t, simulator)), XDG_STATE_HOME: newFolder(t) }
}

/** Starts a simulator that speaks https with a certificate of an authority made for this test. */
export async function startSimulatorProcess(t: Test, lifetime: number): Promise<SimulatorProcess> {
  const directory = newFolder(t)
  const ca = await makeCa()
  const { cert, key } = await issue(ca, {
    names: ['localhost', '127.0.0.1', 'api2.prismacloud.io', 'us-east1.cloud.twistlock.com'],
  })
  const files = { ca: join(directory, 'ca.pem'), cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  writeFileSync(files.ca, ca.cert)
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  const start = async (port: string) => {
    const tls = ['--tls-cert', files.cert, '--tls-key', files.key]
    const cli = startCli(t, ['simulate', '--port', port, '--token-lifetime', `${lifetime}`, ...tls])
    const [, url = ''] = await cli.until(/simulator (https:\S+)/)
    return { cli, url }
  }
  let running = await start('0')
  const { url } = running
  return {
    url,
    caFile: files.ca,
    control: (method, path, body) => control(`${url}/_simulator/${path}`, method, files.ca, body),
    async kill() {
      running.cli.process.kill('SIGKILL')
      await running.cli.ended
    },
    async start() {
      running = await start(new URL(url).port)
    },
  }
}

async function control(url: string, method: string, caFile: string, body?: unknown): Promise<unknown> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } })
  try {
    const answer = await request(url, { method, dispatcher, ...(body !== undefined && { body: JSON.stringify(body) }) })
    return await answer.body.json()
  } finally {
    await dispatcher.close()
  }
}
