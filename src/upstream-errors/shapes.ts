// Reads errors from JSON bodies, in every shape that Prisma Cloud's services use.
//
// To add a shape:
// 1. Add a reader to `shapes` below, with an example above it. Order matters: the first to find an error wins.
// 2. Add an example to src/simulator/routes/error-shapes.ts, and what clients see of it to test/forward/errors.test.ts.
// 3. Add its variants to test/upstream-errors/shapes.test.ts.
// Elsewhere: errors in the `x-redlock-status` header (redlock-status.ts), bodies that are not JSON (body.ts), sentences
// for clients (describe.ts) and help for error keys (../problem/i18n-keys.ts).

import type { UpstreamError } from '../problem/problem.ts'
import { errorOf, firstText, isObject, type JsonObject, MAX_ERRORS, readEntry, readList, readMembers } from './entry.ts'

/** Reads the errors from a body of one shape; empty if the body has another shape. */
type ShapeReader = (body: JsonObject) => readonly UpstreamError[]

const shapes: readonly ShapeReader[] = [
  // {"type":"…","title":"…","status":400,"detail":"…"} (RFC 9457)
  body => (problemTitle(body) === null ? [] : errorOf({ message: firstText(body, 'detail', 'title') })),

  // {"error":{"code":"BadArgument","message":"…","target":"password","details":{}}}
  body => (isObject(body.error) ? readMembers(body.error) : []),

  // {"data":null,"errors":[{"message":"…"}]} (GraphQL)
  body => readList(body.errors),

  // {"code":"400 BAD_REQUEST","message":"…","target":"…","innererror":{"code":"…"}}
  body => {
    const inner = body.innererror ?? body.innerError
    return isObject(inner) ? [...readMembers(body), ...readMembers(inner)] : []
  },

  // {"timestamp":"…","status":"400 BAD_REQUEST","message":"…","debugMessage":"…","subErrors":[…]}
  body => {
    if (body.debugMessage === undefined && body.subErrors === undefined) return []
    return [...errorOf({ message: firstText(body, 'message', 'debugMessage') }), ...readList(body.subErrors)]
  },

  // {"timestamp":"…","status":404,"error":"Not Found","message":"","path":"/x","errorDetails":[…]} (Spring)
  body => {
    if (firstText(body, 'error') === null) return []
    const error = errorOf({ message: firstText(body, 'message', 'error'), subject: firstText(body, 'path') })
    return [...error, ...readList(body.errorDetails)]
  },

  // {"name":"…","message":"…","detail":"…"}
  body => {
    const code = firstText(body, 'name')
    const texts = [firstText(body, 'message'), firstText(body, 'detail')].filter(text => text !== null)
    return code === null || texts.length === 0 ? [] : errorOf({ code, message: texts.join(': ') })
  },

  // {"message":"BAD_REQUEST","details":"Invalid payload","timeStamp":1701778720128,"request_id":"…"}
  body => {
    const message = firstText(body, 'details')
    return message === null ? [] : errorOf({ code: firstText(body, 'message'), message })
  },

  // {"err":"…"} (Compute)
  body => errorOf({ message: firstText(body, 'err') }),

  // {"code":"…","message":"…","target":"…"} and
  // {"i18nKey":"…","severity":"ERROR","subject":"…","statusCode":400}
  readMembers,
]

/** Reads the errors from a JSON body of any shape, at most {@link MAX_ERRORS}; empty if it names none. */
export function readErrors(value: unknown): readonly UpstreamError[] {
  if (Array.isArray(value)) return readList(value)
  if (!isObject(value)) return readEntry(value)
  for (const read of shapes) {
    const errors = read(value)
    if (errors.length > 0) return errors.slice(0, MAX_ERRORS)
  }
  return []
}

/** The title of a problem document (RFC 9457); null if the value is not one. */
export function problemTitle(value: unknown): string | null {
  if (!isObject(value) || (firstText(value, 'type') === null && firstText(value, 'detail') === null)) return null
  return firstText(value, 'title')
}
