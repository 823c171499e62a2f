import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../kernel/clock.ts'
import { DEMO_USER, type SimulatorOptions, startSimulator } from '../simulator/index.ts'
import { type Command, ExitCode, fail, UsageError } from './host.ts'
import { untilSignal } from './terminal/signal.ts'

const OPTIONS = {
  port: { type: 'string', default: '9090' },
  'token-lifetime': { type: 'string', default: '600' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
} as const

const LARGEST_PORT = 65_535

/** In seconds: a day. */
const LONGEST_TOKEN_LIFETIME = 86_400

/** Runs the embedded API simulator alone. */
export const simulate: Command = {
  summary: 'Run the embedded API simulator alone',
  help: () => `Usage: prismacloud-proxy simulate [OPTIONS]

A stand-in for the Prisma Cloud API at 127.0.0.1, as strict as the API, with made-up data.
It is driven through /_simulator/: faults, state, expire, revoke, lifetime.

Options:
  --port PORT                Where to listen; 0 for any free port (default 9090)
  --token-lifetime SECONDS   How long its tokens live (default 600)
  --tls-cert FILE            Speak https with this certificate (PEM) ...
  --tls-key FILE             ... and this key
`,
  async run(host) {
    const options = await readOptions(host.args)
    const simulator = await startSimulator(options).catch(
      ({ message }) => new Error(`The simulator cannot start: ${message}. See --port, --tls-cert and --tls-key.`),
    )
    if (simulator instanceof Error) return fail(host, simulator)
    host.stdout.write(
      `simulator ${simulator.url}\naccess key ${DEMO_USER.accessKeyId} (made up)\nsecret key ${DEMO_USER.secretKey} (made up)\n`,
    )
    await untilSignal(host)
    await simulator.close()
    return ExitCode.good
  },
}

async function readOptions(args: readonly string[]): Promise<SimulatorOptions> {
  const values = await parse(args).catch(({ message }: Error) => {
    // its first sentence names the fault; more would be about positional arguments, of which there are none
    throw new UsageError(`${message.split(/\.\s/, 1)}. See prismacloud-proxy simulate --help.`)
  })
  const certFile = values['tls-cert']
  const keyFile = values['tls-key']
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('--tls-cert and --tls-key go together.')
  const tls = certFile && keyFile ? { tls: { cert: await readPem(certFile), key: await readPem(keyFile) } } : {}
  const tokenLifetime = integer('--token-lifetime', values['token-lifetime'], 1, LONGEST_TOKEN_LIFETIME)
  return { clock: systemClock, port: integer('--port', values.port, 0, LARGEST_PORT), tokenLifetime, ...tls }
}

async function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS }).values
}

function integer(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`${flag} takes a whole number from ${least} to ${most}, not "${text}".`)
}

async function readPem(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read.`)
  })
  if (!text.includes('-----BEGIN ')) throw new UsageError(`${file} is no PEM file.`)
  return text
}
