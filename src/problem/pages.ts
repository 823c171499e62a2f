import { isProblemName, type ProblemName, type ProblemType, problemTypes } from './catalogue.ts'
import { html, htmlFacts, htmlPage } from './html.ts'
import { i18nHelp } from './i18n-keys.ts'

/** The content of a problem type's page, in JSON and in HTML. */
export interface ProblemEntry extends Omit<ProblemType, 'check' | 'keys'> {
  readonly name: ProblemName
  /** The `type` member of problem documents, which is also the path of the page. */
  readonly type: string
  /** A curl command that shows whether the problem is fixed. */
  readonly check: string
  /** The keys by which the API names this problem, with their help. */
  readonly keys: Readonly<Record<string, string>>
}

/** The page content of a problem type. `origin` is the scheme, host and port by which the client reaches the proxy. */
export function problemEntry(name: ProblemName, origin: string): ProblemEntry {
  const { check, keys = [], ...type }: ProblemType = problemTypes[name]
  return {
    name,
    ...type,
    type: `/_proxy/problems/${name}`,
    check: `curl -i ${origin}${check}`,
    keys: Object.fromEntries(keys.map(key => [key, String(i18nHelp.get(key))])),
  }
}

/** The page contents of all problem types, in the order of the catalogue. */
export function problemEntries(origin: string): ProblemEntry[] {
  return Object.keys(problemTypes)
    .filter(isProblemName)
    .map(name => problemEntry(name, origin))
}

/** Renders the HTML page of one problem type. */
export function problemPage(entry: ProblemEntry): string {
  return htmlPage(
    entry.name,
    html`<p><a href="/_proxy/problems/">All problems</a></p>
<h1>${entry.name}</h1>
<p>${entry.meaning}</p>
${htmlFacts(factsOf(entry))}
<h2>Usual causes</h2>
<ul>
${entry.causes.map(cause => html`<li>${cause}</li>\n`)}</ul>
${keysOf(entry)}<h2>What to do</h2>
<p>${entry.cure}</p>
<h2>Check</h2>
<pre>${entry.check}</pre>`,
  )
}

/** Renders the HTML page that lists all problem types. */
export function problemListPage(entries: readonly ProblemEntry[]): string {
  return htmlPage(
    'Problems',
    html`<h1>Problems</h1>
<p>Every error response of the proxy has one of these types.</p>
${htmlFacts(entries.map(entry => [html`<a href="${entry.type}">${entry.name}</a>`, entry.meaning]))}`,
  )
}

function keysOf({ keys }: ProblemEntry) {
  const rows = Object.entries(keys)
  return rows.length === 0 ? [] : [html`<h2>Error keys of the API</h2>\n${htmlFacts(rows)}\n`]
}

function factsOf({ name, status, title, retryable }: ProblemEntry): [label: string, value: string][] {
  if (name === 'upstream-error') {
    return [
      ['status', 'as returned by the upstream'],
      ['retryable', 'depends on the status and the request'],
    ]
  }
  return [
    ['status', `${status} ${title}`],
    ['retryable', retryable ? 'yes' : 'no'],
  ]
}
