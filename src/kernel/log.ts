import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import type { Clock } from './clock.ts'
import { errorCodes } from './error-codes.ts'
import { escapeUnprintable } from './printable.ts'

/** Where everything is logged. */
export type Log = Logger

/** A line each; the facts beside the message are for programs, but for the request id, by which to find them. */
const FOR_PEOPLE = {
  translateTime: 'SYS:HH:MM:ss',
  hideObject: true,
  messageFormat: messageForPeople,
} as const

/** Further lines of a message are indented, so that none can be taken for one of the log's own. */
function messageForPeople({ msg, requestId }: { readonly msg?: unknown; readonly requestId?: unknown }): string {
  const text = requestId === undefined ? `${msg}` : `${msg} (${requestId})`
  return escapeUnprintable(text).replaceAll('\n', '\n    ')
}

/**
 * A logger of JSON lines for what is at least as severe as `level`, which may be `silent`. Secrets show as `[secret]` by
 * their type; of errors only type, message, stack and the code, or that of what caused it, are logged, never the request or
 * headers that libraries hang on them. Control characters are escaped, those above ASCII too.
 */
export function createLog(level: string, destination: DestinationStream, clock: Clock): Log {
  return pino({ ...optionsFor(level), timestamp: isoTime(clock) }, destination)
}

/** The same in aligned lines for a person, coloured or not. Each is written before the call that logs it returns. */
export async function createPrettyLog(level: string, destination: DestinationStream, colorize: boolean): Promise<Log> {
  const { default: pinoPretty } = await import('pino-pretty')
  const pretty = pinoPretty.prettyFactory({ ...FOR_PEOPLE, colorize })
  return pino(optionsFor(level), { write: line => destination.write(pretty(line)) })
}

/** The time as pino wants it, in ISO 8601; made once for the lines of a millisecond. */
function isoTime(clock: Clock): () => string {
  let [last, text] = [0, '']
  return () => {
    const now = clock.now()
    if (now !== last) [last, text] = [now, `,"time":"${new Date(now).toISOString()}"`]
    return text
  }
}

function optionsFor(level: string) {
  return { level, base: null, serializers: { err: plainError }, hooks: { streamWrite: escapeUnprintable } }
}

function plainError(error: unknown) {
  if (!(error instanceof Error)) return String(error)
  const { type, message, stack } = stdSerializers.err(error)
  return { type, message, stack, code: errorCodes(error)[0] }
}
