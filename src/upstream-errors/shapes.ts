import type { UpstreamError } from '../problem/problem.ts'
import { oneLine } from '../problem/text.ts'

/** At most so many errors are read from one answer. */
const MAX_ERRORS = 20

/** The longest text taken over from an upstream's error, in characters. */
const MAX_TEXT = 1000

type Fields = Readonly<Record<string, unknown>>

/** The errors in an answer of the reader's shape; none from any other. */
type ShapeReader = (fields: Fields) => readonly UpstreamError[]

/** The shapes in which Prisma Cloud's services tell an error, each with an example. The first that fits wins. */
const shapes: readonly ShapeReader[] = [
  // {"type":"…","title":"…","status":400,"detail":"…"} (RFC 9457)
  fields => (problemTitle(fields) === null ? [] : one({ message: pick(fields, 'detail', 'title') })),

  // {"error":{"code":"BadArgument","message":"…","target":"password","details":{}}}
  fields => (isFields(fields.error) ? readFields(fields.error) : []),

  // {"data":null,"errors":[{"message":"…"}]} (GraphQL)
  fields => readList(fields.errors),

  // {"code":"400 BAD_REQUEST","message":"…","target":"…","innererror":{"code":"…"}}
  fields => {
    const inner = fields.innererror ?? fields.innerError
    return isFields(inner) ? [...readFields(fields), ...readFields(inner)] : []
  },

  // {"timestamp":"…","status":"400 BAD_REQUEST","message":"…","debugMessage":"…","subErrors":[…]}
  fields => {
    const isDebug = fields.debugMessage !== undefined || fields.subErrors !== undefined
    return isDebug ? [...one({ message: pick(fields, 'message', 'debugMessage') }), ...readList(fields.subErrors)] : []
  },

  // {"timestamp":"…","status":404,"error":"Not Found","message":"","path":"/x","errorDetails":[…]} (Spring)
  fields => {
    if (pick(fields, 'error') === null) return []
    const error = one({ message: pick(fields, 'message', 'error'), subject: pick(fields, 'path') })
    return [...error, ...readList(fields.errorDetails)]
  },

  // {"name":"…","message":"…","detail":"…"}
  fields => {
    const texts = [pick(fields, 'message'), pick(fields, 'detail')].filter(text => text !== null)
    const code = pick(fields, 'name')
    return code === null || texts.length === 0 ? [] : one({ code, message: texts.join(': ') })
  },

  // {"message":"BAD_REQUEST","details":"Invalid payload","timeStamp":1701778720128,"request_id":"…"}
  fields => {
    const message = pick(fields, 'details')
    return message === null ? [] : one({ code: pick(fields, 'message'), message })
  },

  // {"err":"…"} (Compute)
  fields => one({ message: pick(fields, 'err') }),

  // {"code":"…","message":"…","target":"…"} and {"i18nKey":"…","severity":"ERROR","subject":"…","statusCode":400}
  readFields,
]

/** The errors that a JSON answer tells of, whatever its shape; none where it names none. At most {@link MAX_ERRORS}. */
export function readErrors(value: unknown): readonly UpstreamError[] {
  if (Array.isArray(value)) return readList(value)
  if (!isFields(value)) return readEntry(value)
  for (const read of shapes) {
    const errors = read(value)
    if (errors.length > 0) return errors.slice(0, MAX_ERRORS)
  }
  return []
}

/** The errors in a list of objects or strings; none from what is not a list. At most {@link MAX_ERRORS}. */
export function readList(value: unknown): readonly UpstreamError[] {
  return Array.isArray(value) ? value.slice(0, MAX_ERRORS).flatMap(entry => readEntry(entry)) : []
}

/** The title of a problem document (RFC 9457); null where `value` is none. */
export function problemTitle(value: unknown): string | null {
  const isProblem = isFields(value) && (pick(value, 'type') !== null || pick(value, 'detail') !== null)
  return isProblem ? pick(value, 'title') : null
}

function readEntry(value: unknown): readonly UpstreamError[] {
  return isFields(value) ? readFields(value) : one({ message: text(value) })
}

function readFields(fields: Fields): readonly UpstreamError[] {
  return one({
    code: pick(fields, 'code', 'i18nKey', 'name'),
    message: pick(fields, 'message', 'detail'),
    severity: pick(fields, 'severity'),
    subject: pick(fields, 'subject', 'target', 'field'),
  })
}

function one(error: Partial<UpstreamError>): readonly UpstreamError[] {
  const { code = null, message = null, severity = null, subject = null } = error
  if (code === null && message === null && subject === null) return []
  return [{ code, message, severity: severity?.toLowerCase() ?? null, subject }]
}

/** The first of the named fields that holds text. */
function pick(fields: Fields, ...names: readonly string[]): string | null {
  for (const name of names) {
    const found = text(fields[name])
    if (found !== null) return found
  }
  return null
}

// Some services send codes as numbers; anything else that is no text says nothing.
function text(value: unknown): string | null {
  const found = typeof value === 'number' ? String(value) : typeof value === 'string' ? oneLine(value, MAX_TEXT) : ''
  return found === '' ? null : found
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
