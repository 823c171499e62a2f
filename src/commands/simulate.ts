import { readFile } from 'node:fs/promises'
import { type Flag, readArguments, UsageError } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import { DEMO_USER, REFILLS, type Refill, type SimulatorOptions, startSimulator } from '../simulator/index.ts'
import type { Command } from './command.ts'
import { ExitCode, fail } from './host.ts'
import { untilSignal } from './terminal/signal.ts'

const DEFAULT_PORT = '9090'
const DEFAULT_TOKEN_LIFETIME = '600'
const LARGEST_PORT = 65_535

/** The longest lifetime of a token, in seconds: one day. */
const LONGEST_TOKEN_LIFETIME = 86_400

const FLAGS: readonly Flag[] = [
  {
    name: '--port',
    short: '-p',
    kind: 'value',
    placeholder: 'PORT',
    text: 'Port to listen on, 0 for any free one.',
    default: DEFAULT_PORT,
  },
  {
    name: '--refill',
    kind: 'value',
    placeholder: 'WAY',
    text: 'How rate limits refill: stepwise, with each whole second, as at the API, or continuous.',
    choices: REFILLS,
    default: 'stepwise',
  },
  {
    name: '--token-lifetime',
    kind: 'value',
    placeholder: 'SECONDS',
    text: 'Lifetime of its tokens.',
    default: DEFAULT_TOKEN_LIFETIME,
  },
  {
    name: '--tls-cert',
    kind: 'value',
    placeholder: 'FILE',
    text: 'Serve https with this certificate (PEM); requires --tls-key.',
  },
  { name: '--tls-key', kind: 'value', placeholder: 'FILE', text: 'Private key of that certificate (PEM).' },
  {
    name: '--json',
    kind: 'switch',
    text: 'Print one JSON object once it listens: url, accessKeyId and secretKey, both made up.',
  },
]

/** The `simulate` command: runs the embedded API simulator. */
export const simulate: Command = {
  summary: 'Run the embedded API simulator',
  usage: ['simulate [OPTIONS]'],
  paragraphs: [
    'Runs a stand-in for the Prisma Cloud API on 127.0.0.1. It is as strict as the API and serves made-up data. Tests control it through /_simulator/: faults, state, expire, revoke, lifetime.',
  ],
  flags: FLAGS,
  examples: [
    { purpose: 'Simulate the API at another port', line: 'prismacloud-proxy simulate -p 9191' },
    {
      purpose: 'Simulate it with tokens that expire after a minute',
      line: 'prismacloud-proxy simulate --token-lifetime 60',
    },
  ],
  async run(host) {
    const given = new Map(readArguments(host.args, FLAGS))
    const options = await readOptions(given)
    const simulator = await startSimulator(options).catch(
      ({ message }) => new Error(`cannot start the simulator: ${message}; check --port, --tls-cert and --tls-key`),
    )
    if (simulator instanceof Error) return fail(host, simulator)
    const { url } = simulator
    const { accessKeyId, secretKey } = DEMO_USER
    host.stdout.write(
      given.has('--json')
        ? `${JSON.stringify({ url, accessKeyId, secretKey })}\n`
        : `simulator ${url}\naccess key ${accessKeyId} (made up)\nsecret key ${secretKey} (made up)\n`,
    )
    await untilSignal(host)
    await simulator.close()
    return ExitCode.good
  },
}

async function readOptions(values: ReadonlyMap<string, string>): Promise<SimulatorOptions> {
  const certFile = values.get('--tls-cert')
  const keyFile = values.get('--tls-key')
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('--tls-cert and --tls-key must be given together')
  const tls = certFile && keyFile ? { tls: { cert: await readPem(certFile), key: await readPem(keyFile) } } : {}
  const lifetime = values.get('--token-lifetime') ?? DEFAULT_TOKEN_LIFETIME
  return {
    clock: systemClock,
    port: integer('--port', values.get('--port') ?? DEFAULT_PORT, 0, LARGEST_PORT),
    refill: refillOf(values.get('--refill') ?? 'stepwise'),
    tokenLifetime: integer('--token-lifetime', lifetime, 1, LONGEST_TOKEN_LIFETIME),
    ...tls,
  }
}

function integer(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`invalid value "${text}" for ${flag}; expected an integer from ${least} to ${most}`)
}

function refillOf(text: string): Refill {
  const refill = REFILLS.find(each => each === text)
  if (refill) return refill
  throw new UsageError(`invalid value "${text}" for --refill; expected ${REFILLS.join(' or ')}`)
}

async function readPem(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`cannot read ${file}`)
  })
  if (!text.includes('-----BEGIN ')) throw new UsageError(`${file} is not a PEM file`)
  return text
}
