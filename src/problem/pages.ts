import { isProblemName, type ProblemName, type ProblemType, problemTypes } from './catalogue.ts'
import { html, htmlFacts, htmlPage } from './html.ts'
import { i18nHelp } from './i18n-keys.ts'

/** A problem type as its page shows it. */
export interface ProblemEntry extends Omit<ProblemType, 'check'> {
  readonly name: ProblemName
  /** The `type` member of its problem documents, which is also its page's address. */
  readonly type: string
  /** A command that helps to see whether it is cured. */
  readonly check: string
  /** What the API names errors that lie behind it by, each with what it means. */
  readonly keys: Readonly<Record<string, string>>
}

/** The keys that are seen with some types of problems. */
const KEYS: { readonly [Name in ProblemName]?: readonly string[] } = {
  'credentials-rejected': ['invalid_credentials', 'sso_enabled_password_login_attempt'],
  'rate-limited': ['rate_limit_exceeded', 'too_many_requests'],
  'upstream-error': [...i18nHelp.keys()],
}

/** The problem type of this name, for the proxy at `origin` (scheme, host and port). */
export function problemEntry(name: ProblemName, origin: string): ProblemEntry {
  const type = problemTypes[name]
  const keys = Object.fromEntries((KEYS[name] ?? []).map(key => [key, String(i18nHelp.get(key))]))
  return { name, ...type, type: `/_proxy/problems/${name}`, check: `curl -i ${origin}${type.check}`, keys }
}

/** All problem types, in the order of their table. */
export function problemEntries(origin: string): ProblemEntry[] {
  return Object.keys(problemTypes)
    .filter(isProblemName)
    .map(name => problemEntry(name, origin))
}

/** The HTML page of one problem type. */
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
<h2>To check</h2>
<pre>${entry.check}</pre>`,
  )
}

/** The HTML page that lists problem types. */
export function problemListPage(entries: readonly ProblemEntry[]): string {
  return htmlPage(
    'Problems',
    html`<h1>Problems</h1>
<p>Every error that the proxy answers names one of these types.</p>
${htmlFacts(entries.map(entry => [html`<a href="${entry.type}">${entry.name}</a>`, entry.meaning]))}`,
  )
}

function keysOf({ keys }: ProblemEntry) {
  const rows = Object.entries(keys)
  return rows.length === 0 ? [] : [html`<h2>What the API calls it</h2>\n${htmlFacts(rows)}\n`]
}

function factsOf({ name, status, title, retryable }: ProblemEntry): [label: string, value: string][] {
  if (name === 'upstream-error') {
    return [
      ['status', "the upstream's own"],
      ['worth retrying', 'as its status and the request method allow'],
    ]
  }
  return [
    ['status', `${status} ${title}`],
    ['worth retrying', retryable ? 'yes' : 'no'],
  ]
}
