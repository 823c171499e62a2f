import type { Written } from '../../config/effective.ts'
import { escapeUnprintable, jsonEscape } from '../../kernel/printable.ts'

/**
 * A text that YAML reads as itself: no indicator, no `: `, no ` #`, no comma, and nothing that is a null, a boolean or
 * a number in YAML's core schema (YAML 1.2.2, 10.3.2).
 */
const PLAIN = /^(?!(?:null|true|false|[-+.\d][-+.\da-fox]*)$)[\w/.](?:[\w/.@%+=-]|:(?! |$)| (?! |$|#))*$/i

/** Renders a value in YAML, on one line and without characters that a terminal could act on. */
export function yamlValue(value: Written): string {
  if (typeof value === 'string') return escapeUnprintable(PLAIN.test(value) ? value : JSON.stringify(value))
  return Array.isArray(value) ? `[${value.map(quoted).join(', ')}]` : `${value}`
}

function quoted(text: string): string {
  return escapeUnprintable(JSON.stringify(text))
}

/** Renders a text for a comment in YAML: on one line, and without characters that a terminal could act on. */
export function yamlComment(text: string): string {
  return escapeUnprintable(text.replace(/[\t\n]/g, jsonEscape))
}
