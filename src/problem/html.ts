/** The Content-Security-Policy (CSP Level 3) of the proxy's own responses: inline styles only, never in a frame. */
const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // no scripts at all; allow-same-origin keeps links to the proxy's own pages same-origin requests
  'sandbox allow-same-origin',
]

/** Security headers of every response that the proxy itself creates: they stop browsers from running its content. */
export const PAGE_HEADERS = {
  'content-security-policy': PAGE_POLICY.join('; '),
  'x-content-type-options': 'nosniff',
} as const

/** Markup that is safe to send: only {@link html} creates it, and it escapes every value. */
class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** A template tag that makes markup. It escapes every value that is not markup itself, or a list of markup. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | number | Html | Html[])[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(insert)))
}

function insert(value: string | number | Html | Html[]): string {
  if (Array.isArray(value)) return value.join('')
  return value instanceof Html ? value.toString() : escapeHtml(String(value))
}

// Safe in element content and in quoted attributes.
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

/** A complete HTML page that loads nothing else from the network. */
export function htmlPage(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem }
h2 { font-size: 1.1rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem }
dd { margin: 0; overflow-wrap: anywhere }
dt { opacity: .7 }
pre { padding: .75rem 1rem; overflow-x: auto; border: 1px solid; border-radius: .4rem }
</style>
</head>
<body>
${content}
</body>
</html>
`.toString()
}

/** A description list (`dl`) of labelled values. */
export function htmlFacts(facts: readonly (readonly [label: string | Html, value: string | Html])[]): Html {
  return html`<dl>
${facts.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>\n`)}</dl>`
}
