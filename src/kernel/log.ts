import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'

/** Where everything is logged. */
export type Log = Logger

export interface LogOptions {
  /** The least severe level that is logged, or `silent`. */
  readonly level: string
  /** Coloured, aligned lines for a person; else JSON. */
  readonly pretty: boolean
  readonly destination: DestinationStream & NodeJS.WritableStream
}

/** A line each; the facts beside the message are for programs, but for the request id, by which to find them. */
const FOR_PEOPLE = {
  colorize: true,
  translateTime: 'SYS:HH:MM:ss',
  hideObject: true,
  messageFormat: '{msg}{if requestId} ({requestId}){end}',
  sync: true,
} as const

/**
 * A logger. Secrets show as `[secret]` by their type; of errors only type, message, code and stack are logged, never the
 * request or headers that libraries hang on them.
 */
export async function createLog({ level, pretty, destination }: LogOptions): Promise<Log> {
  const options = { level, base: null, serializers: { err: plainError } }
  if (!pretty) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const { default: pinoPretty } = await import('pino-pretty')
  return pino(options, pinoPretty({ ...FOR_PEOPLE, destination }))
}

function plainError(error: unknown) {
  if (!(error instanceof Error)) return String(error)
  const { type, message, stack, code } = stdSerializers.err(error) as {
    type: string
    message: string
    stack: string
    code?: unknown
  }
  return { type, message, stack, code }
}
