import { MASK } from '../kernel/mask.ts'
import { isCredentialName } from './credential-names.ts'

/** Members that name what the member beside them holds: `{"key": "Authorization", "value": "…"}`. */
const NAMING = /^(?:key|name|field|header|param|parameter)$/i

/** Members that hold what the member beside them names. */
const NAMED = /^(?:val|value|values|content|data|text)$/i

/** A part of JSON: white space, punctuation, or a number, word, or anything that is not JSON. Strings are read apart. */
const PART = /\s+|[{}[\]:,]|[^\s{}[\]:,"]+/y

/** What follows a string that is a name. */
const COLON = /\s*:/y

/** The end of a string that breaks off within an escape. */
const HALF_ESCAPE = /(?<!\\)((?:\\\\)*)\\(?:u[\da-f]{0,3})?$/i

/** A place in the text, and what to write there. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** An object or array, or the text around the outermost one. */
interface Container {
  /** Whether all that is in it is a credential, because it is the value of one. */
  readonly isSecret: boolean
  /** The name of the member that is being read; empty in an array. */
  name: string
  /** Whether one of its members says that another holds a credential, and where that other is. */
  namesCredential: boolean
  readonly named: Edit[]
}

/**
 * Masks credentials in JSON, which may break off anywhere, and leaves the rest as it is written: values of members with
 * telling names, also those that are named by a member beside them, and all that `maskString` finds in other strings.
 */
export function maskedJson(text: string, maskString: (value: string) => string): string {
  /** By where they start. A later one replaces an earlier one. */
  const edits = new Map<number, Edit>()
  const open: Container[] = [containerIn(undefined)]
  const edit = (each: Edit) => void edits.set(each.start, each)
  const close = (container: Container) => {
    if (container.namesCredential) container.named.forEach(edit)
  }
  for (let start = 0, end = 0; start < text.length; start = end) {
    const container = open.at(-1) as Container
    end = endOfPart(text, start)
    const part = text.slice(start, end)
    if (part === '{' || part === '[') open.push(containerIn(container))
    else if (part === '}' || part === ']') {
      close(container)
      if (open.length > 1) open.pop()
    } else if (part === ',') container.name = ''
    else if (isAt(COLON, text, end) && part.startsWith('"')) container.name = stringIn(part)
    else if (!/^[\s:]/.test(part)) {
      const shown = shownValue(container, { start, end, text: part }, maskString)
      if (shown !== part) edit({ start, end, text: shown })
    }
  }
  open.forEach(close)
  return applied(text, [...edits.values()])
}

function containerIn(outer: Container | undefined): Container {
  const isSecret = outer !== undefined && (outer.isSecret || isCredentialName(outer.name))
  return { isSecret, name: '', namesCredential: false, named: [] }
}

/** What to show of a value. Notes what the members of its container say about each other. */
function shownValue(container: Container, value: Edit, maskString: (value: string) => string): string {
  const { isSecret, name, named } = container
  const masked = maskOf(value.text)
  if (isSecret || isCredentialName(name)) return masked
  if (NAMED.test(name)) named.push({ ...value, text: masked })
  if (!value.text.startsWith('"')) return value.text
  const string = stringIn(value.text)
  if (NAMING.test(name) && isCredentialName(string)) container.namesCredential = true
  const shown = maskString(string)
  return shown === string ? value.text : JSON.stringify(shown)
}

/** What stands for a credential. What is empty, or says yes or no, is none. */
function maskOf(value: string): string {
  return /^(?:""|null|true|false)$/.test(value) ? value : `"${MASK}"`
}

/** Where the part of JSON ends that starts here. */
function endOfPart(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start)
  PART.lastIndex = start
  PART.test(text)
  return PART.lastIndex
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

function isAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

/** The string that JSON stands for; what is between the quotes if it is none. The last one may break off. */
function stringIn(json: string): string {
  for (const whole of [json, `${json.replace(HALF_ESCAPE, '$1')}"`]) {
    try {
      return JSON.parse(whole)
    } catch {
      // not a string as JSON has it
    }
  }
  return json.slice(1)
}

function applied(text: string, edits: readonly Edit[]): string {
  let [written, at] = ['', 0]
  for (const { start, end, text: replacement } of edits.toSorted((one, other) => one.start - other.start)) {
    written += text.slice(at, start) + replacement
    at = end
  }
  return written + text.slice(at)
}
