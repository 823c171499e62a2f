import { i18nHelp } from '../problem/i18n-keys.ts'
import type { UpstreamError } from '../problem/problem.ts'
import { oneLine } from '../problem/text.ts'
import type { UpstreamBody } from './body.ts'

/** How many errors a sentence names before it only counts them. */
const MAX_NAMED = 3
/** The longest plain text that is quoted in a sentence, in characters. */
const MAX_QUOTED = 300
/** The longest list of content codings that is quoted, in characters. */
const MAX_CODINGS = 40
/** The title of a page is looked for in so many characters from its start. */
const HTML_HEAD = 4096

/** The errors in one line, such as `invalid_parameter_value: timeRange`. */
export function describeErrors(errors: readonly UpstreamError[]): string {
  const named = errors.slice(0, MAX_NAMED).map(describeError).join('; ')
  return errors.length > MAX_NAMED ? `${named}; and ${errors.length - MAX_NAMED} more` : named
}

/** What an answer that names no error was instead: a text is quoted, a page or binary data only named. */
export function describeBody(body: UpstreamBody, complete: boolean): string {
  return complete ? nameBody(body) : `${nameBody(body)} (its answer was cut off)`
}

function describeError({ code, message, subject }: UpstreamError): string {
  const help = code === null ? undefined : i18nHelp.get(code)
  const reason = message !== null && subject !== null ? `${message} (${subject})` : (message ?? subject ?? help)
  return [code, reason].filter(Boolean).join(': ')
}

function nameBody(body: UpstreamBody): string {
  switch (body.kind) {
    case 'nothing':
      return 'The upstream gave no reason'
    case 'json':
      return 'The upstream answered JSON that names no error'
    case 'html':
      return ['The upstream answered an HTML page', htmlTitle(body.text)].filter(Boolean).join(': ')
    case 'text':
      return quote(body.text)
    case 'binary':
      return body.codings
        ? `The upstream answered data that cannot be decompressed here (${oneLine(body.codings, MAX_CODINGS)})`
        : 'The upstream answered data that is not text'
  }
}

function quote(text: string): string {
  return /^\s*[{[]/.test(text) ? 'The upstream answered JSON that is broken' : oneLine(text, MAX_QUOTED)
}

// The bounds keep the search linear in what a page of nothing but "<title" would make of it.
function htmlTitle(page: string): string | undefined {
  const title = /<title[^>]{0,100}>([^<&]{1,200})<\/title>/i.exec(page.slice(0, HTML_HEAD))?.[1]
  return title && oneLine(title, MAX_QUOTED)
}
