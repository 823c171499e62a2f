import { preferred } from '../http/accept.ts'
import { html, htmlFacts, htmlPage } from './html.ts'
import type { ProblemDocument } from './problem.ts'
import { oneLine } from './text.ts'

/** The media type of problem documents (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json'

/** The maximum length of a line in the text representation, in characters. */
const MAX_LINE = 8000

/** A response body with its media type. */
export interface Rendered {
  readonly contentType: string
  readonly body: string
}

/**
 * Renders a problem document in the representation that the request's `Accept` header prefers: JSON, unless it prefers
 * text (terminals) or HTML (browsers). The response must carry `Vary: accept`.
 */
export function renderProblem(document: ProblemDocument, accept: string | undefined): Rendered {
  // application/json gets the problem document as well: RFC 9457 has no other JSON representation.
  switch (preferred(accept, PROBLEM_JSON, 'application/json', 'text/plain', 'text/html')) {
    case 'text/plain':
      return { contentType: 'text/plain; charset=utf-8', body: renderText(document) }
    case 'text/html':
      return { contentType: 'text/html; charset=utf-8', body: renderHtml(document) }
    default:
      return { contentType: PROBLEM_JSON, body: JSON.stringify(document) }
  }
}

function renderText(document: ProblemDocument): string {
  const facts = factsOf(document).map(([label, value]) => `${label}: ${value}`)
  const lines = [headline(document), document.detail, ...facts, `more: ${document.type}`]
  return lines.map(line => `${oneLine(line, MAX_LINE)}\n`).join('')
}

function renderHtml(document: ProblemDocument): string {
  const more = html`<a href="${document.type}">${document.type}</a>`
  return htmlPage(
    headline(document),
    html`<h1>${headline(document)}</h1>
<p>${document.detail}</p>
${htmlFacts([...factsOf(document), ['more', more]])}`,
  )
}

function headline({ status, title }: ProblemDocument): string {
  return `${status} ${title}`
}

function factsOf(document: ProblemDocument): [label: string, value: string][] {
  const { instance, operation, requestId, retryable, upstream } = document
  const named: [string, string][] = operation === undefined ? [] : [['operation', operation]]
  const facts: [string, string][] = [
    ['path', instance],
    ...named,
    ['request id', requestId],
    ['retryable', retryable ? 'yes' : 'no'],
  ]
  if (!upstream) return facts
  const id = upstream.requestId === null ? '' : `, request id ${upstream.requestId}`
  return [...facts, ['upstream', `${upstream.host} returned ${upstream.status}${id}`]]
}
