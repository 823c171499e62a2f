import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'
import type { Clock } from './clock.ts'
import { errorCodes } from './error-codes.ts'
import { escapeUnprintable } from './printable.ts'

/** The logger that all parts of the proxy write to. */
export type Log = Logger

/**
 * The options for logs that people read, with one line per message. Fields are left out because they are for programs;
 * the request ID stays, so that people can search for it.
 */
const FOR_PEOPLE = {
  translateTime: 'SYS:HH:MM:ss',
  hideObject: true,
  messageFormat: messageForPeople,
} as const

/** The line of a record for people, without its time; undefined if it is to look like all others. */
export type LineForPeople = (record: Readonly<Record<string, unknown>>) => string | undefined

/** Indents all lines of a message but the first, so that none of them looks like a log line of its own. */
function messageForPeople({ msg, requestId }: { readonly msg?: unknown; readonly requestId?: unknown }): string {
  const text = requestId === undefined ? `${msg}` : `${msg} (${requestId})`
  return inOneParagraph(escapeUnprintable(text))
}

function inOneParagraph(text: string): string {
  return text.replaceAll('\n', '\n    ')
}

/**
 * Creates a logger that writes JSON lines of `level` (which may be `silent`) and above. A `Secret` appears as
 * `[secret]`. Of an error it logs type, message, stack and the first code in its chain of causes, never the request or
 * headers that libraries attach to it. Control characters are escaped, including those beyond ASCII.
 */
export function createLog(level: string, destination: DestinationStream, clock: Clock): Log {
  return pino({ ...optionsFor(level), timestamp: isoTime(clock) }, destination)
}

/**
 * Creates a logger that writes aligned, optionally coloured lines for people, or what `line` makes of a record. A line is
 * written before the call that logs it returns. Errors and secrets are treated as in {@link createLog}.
 */
export async function createPrettyLog(
  level: string,
  destination: DestinationStream,
  colorize: boolean,
  line: LineForPeople = () => undefined,
): Promise<Log> {
  const { default: pinoPretty } = await import('pino-pretty')
  const pretty = pinoPretty.prettyFactory({ ...FOR_PEOPLE, colorize })
  return pino(optionsFor(level), {
    write(text) {
      const record = JSON.parse(text)
      const own = line(record)
      destination.write(own === undefined ? pretty(record) : `${timeOfDay(record.time)} ${inOneParagraph(own)}\n`)
    },
  })
}

/** The time of day in this machine's time zone, such as `17:57:12`, of a time in milliseconds since the epoch. */
export function timeOfDay(time: number): string {
  return new Date(time).toTimeString().slice(0, 8)
}

/**
 * Makes a function that returns the time in ISO 8601, as pino expects it. The time is formatted once per millisecond.
 */
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
