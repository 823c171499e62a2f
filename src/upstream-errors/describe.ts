import { i18nHelp } from '../problem/i18n-keys.ts'
import type { UpstreamError } from '../problem/problem.ts'
import { oneLine } from '../problem/text.ts'
import type { UpstreamBody } from './body.ts'

/** The maximum number of errors in a sentence; further ones are only counted. */
const MAX_NAMED = 3
/** The maximum length of plain text quoted in a sentence, in characters. */
const MAX_QUOTED = 300
/** The maximum length of a quoted list of content codings, in characters. */
const MAX_CODINGS = 40
/** The title of an HTML page is searched in this many characters from its start. */
const HTML_HEAD = 4096

/** Operations that a request without one was probably meant for. */
export interface NearMisses {
  /** Method and path of the request. */
  readonly request: string
  /** The operations, the likeliest first, such as `POST /search/config`. At least one. */
  readonly operations: readonly string[]
}

/** Adds to a description that the request is no operation of the API, and what was probably meant. */
export function withNearMisses(description: string, { request, operations }: NearMisses): string {
  const advice = `No API description has ${oneLine(request, MAX_QUOTED)}; did you mean ${operations.join(' or ')}?`
  return [description.replace(/(?<=[^.!?…])$/, '.'), advice].filter(Boolean).join(' ')
}

/** Describes errors in one line, such as `invalid_parameter_value: timeRange`. */
export function describeErrors(errors: readonly UpstreamError[]): string {
  const named = errors.slice(0, MAX_NAMED).map(describeError).join('; ')
  return errors.length > MAX_NAMED ? `${named}; and ${errors.length - MAX_NAMED} more` : named
}

/**
 * Describes the body of an error response that names no error: text is quoted, anything else only named. `complete` is
 * false if the body was truncated.
 */
export function describeBody(body: UpstreamBody, complete: boolean): string {
  return complete ? nameBody(body) : `${nameBody(body)} (response truncated)`
}

function describeError({ code, message, subject }: UpstreamError): string {
  const help = code === null ? undefined : i18nHelp.get(code)
  const reason = message !== null && subject !== null ? `${message} (${subject})` : (message ?? subject ?? help)
  return [code, reason].filter(Boolean).join(': ')
}

function nameBody(body: UpstreamBody): string {
  switch (body.kind) {
    case 'nothing':
      return 'The upstream returned an error without a reason'
    case 'json':
      return 'The upstream returned JSON without an error message'
    case 'html':
      return ['The upstream returned an HTML page', htmlTitle(body.text)].filter(Boolean).join(': ')
    case 'text':
      return quote(body.text)
    case 'binary':
      return body.codings
        ? `The upstream returned data that cannot be decompressed (${oneLine(body.codings, MAX_CODINGS)})`
        : 'The upstream returned binary data'
  }
}

function quote(text: string): string {
  return /^\s*[{[]/.test(text) ? 'The upstream returned malformed JSON' : oneLine(text, MAX_QUOTED)
}

// The bounds keep the search linear, even for a page of nothing but "<title".
function htmlTitle(page: string): string | undefined {
  const title = /<title[^>]{0,100}>([^<&]{1,200})<\/title>/i.exec(page.slice(0, HTML_HEAD))?.[1]
  return title && oneLine(title, MAX_QUOTED)
}
