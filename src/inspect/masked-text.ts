import { MASK } from '../kernel/mask.ts'
import { isCredentialName } from './credential-names.ts'
import { maskedJson } from './masked-json.ts'

/** How deep texts in texts are searched, such as JSON in a string in JSON. */
const MAX_DEPTH = 4

/** Credentials that are recognized by how they look, wherever they are. What breaks off is masked to its end. */
const SHAPES: readonly (readonly [shape: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, MASK],
  // a JWT: base64url of {" and a dot
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w.-]*/g, MASK],
  [/(?<![\w-])(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-)[\w-]{10,}/g, MASK],
  // a user and a password in a URL
  [/:\/\/([^\s/:@"'<>]{0,64}):[^\s/@"'<>]{1,512}@/g, `://$1:${MASK}@`],
  // words that follow "basic" or "bearer" in a sentence are in lower case
  [/\b([Bb]asic|[Bb]earer)\s+(?=[a-z.~_-]{0,512}[A-Z\d+/=])[\w.~+/=-]{6,}/g, `$1 ${MASK}`],
]

/** What a value looks like after its name: in quotes, or without white space. */
const VALUE = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|'[^']*(?:'|$)|[^\s"'&;,<>{}[\]\\]+/y

/**
 * How names and values are written: the name, as a group, with all that is before the value; and the value. Names are
 * short, and a value is read only after the name of a credential, so that no text takes long.
 */
const NAMED: readonly (readonly [name: RegExp, value: RegExp])[] = [
  // "name": "value", where it is not part of JSON
  [/["']([\w .-]{1,64})["']\s*[:=]>?\s*/g, VALUE],
  // \"name\": \"value\", where it is JSON in a string that is not part of JSON
  [/\\+"([\w .-]{1,64})\\+"\s*:\s*/g, /\\+"[\s\S]*?(?:\\+"(?=\s*[,}\]])|$)|[^\s",}\]]+/y],
  // name=value, which may contain anything that could not end it
  [/(?<![\w.-])([\w.-]{1,64})\s?=\s?/g, /"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"&<\\]+/y],
  // name: "value"
  [/(?<![\w."'-])([\w.-]{1,64}):\s?(?=["'])/g, VALUE],
  // "Name: value", as the command line of curl has it
  [/["']([\w.-]{1,64}):[ \t]?(?=[^\s"'])/g, /[^"'\r\n\\]+/y],
  // Name: value, on a line of its own
  [/^[ \t]*(?:- )?([\w.-]{1,64}):[ \t]+/gm, /\S.*/y],
  // <name>value</name>
  [/<([\w:.-]{1,64})(?:\s[^<>]*)?>/g, /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|[^<]+/y],
  // <input name="name" value="value">, <property name="name">value</property>
  [/\b(?:name|key|id)\s?=\s?["']([^"'<>]{1,64})["'][^<>]{0,200}?(?:\svalue\s?=\s?|>)/g, VALUE],
  // a part of multipart/form-data
  [
    /^content-disposition:[^\r\n]{0,300}?\bname="?([^"\r\n;]{1,64})[^\r\n]{0,300}\r?\n(?:[^\r\n]{1,300}\r?\n){0,8}\r?\n/gim,
    /[\s\S]*?(?=\r?\n--|$)/y,
  ],
]

/** Values that are no credentials: nothing, yes and no. */
const HARMLESS = /^(?:\\*["']\\*["']|null|true|false)?$/

/** A whole value, and the quotes that it may be in. */
const QUOTED = /^(?<quote>\\*["']|)[\s\S]*$/

/** Names and values as an HTML form sends them, or as in the query of a URL: without white space. */
const FORM = /^[^\s={["<&]+=\S*\s*$/

/**
 * Masks credentials in the text of a body, which may break off anywhere: values of JSON members, form fields, headers,
 * elements and variables with telling names, private keys, and tokens that look like tokens. JSON and forms are searched
 * in their strings, too. The rest of the text stays as it is.
 */
export function maskedText(text: string, depth = 0): string {
  const maskInner = (inner: string) => (depth < MAX_DEPTH ? maskedText(inner, depth + 1) : maskedParts(inner))
  if (/^\s*[[{"]/.test(text)) return maskedParts(maskedJson(text, maskInner))
  if (FORM.test(text)) return maskedParts(maskedForm(text, maskInner))
  return maskedParts(text)
}

function maskedForm(text: string, maskInner: (text: string) => string): string {
  return text.replace(/([^&=]*)=([^&]*)/g, (field, name: string, value: string) => {
    if (value === '') return field
    if (isCredentialName(decoded(name))) return `${name}=${MASK}`
    const inner = decoded(value)
    const masked = maskInner(inner)
    return masked === inner ? field : `${name}=${encodeURIComponent(masked)}`
  })
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // an escape that breaks off, or none at all
    return spaced
  }
}

function maskedParts(text: string): string {
  const named = NAMED.reduce((rest, [name, value]) => maskedValues(rest, name, value), text)
  return SHAPES.reduce((rest, [shape, replacement]) => rest.replace(shape, replacement), named)
}

/** Masks the values that follow the names of credentials. */
function maskedValues(text: string, name: RegExp, value: RegExp): string {
  let [written, at] = ['', 0]
  name.lastIndex = 0
  for (let found = name.exec(text); found; found = name.exec(text)) {
    if (!isCredentialName(String(found[1]))) continue
    value.lastIndex = name.lastIndex
    const [shown = ''] = value.exec(text) ?? []
    if (HARMLESS.test(shown)) continue
    written += text.slice(at, name.lastIndex) + shown.replace(QUOTED, `$<quote>${MASK}$<quote>`)
    at = value.lastIndex
    name.lastIndex = at
  }
  return written + text.slice(at)
}
