/** What is looked at more closely: all but printable ASCII, tabs and the ends of lines. */
const UNUSUAL = /[^\t\n -~]/

/** Control characters (C0, DEL, C1), those that format or reorder text (Unicode Cf), line separators, lone surrogates. */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * `text` with what no terminal or log viewer is to act on written as in JSON (`\u009b`): lines of JSON mean the same
 * afterwards. Tabs and the ends of lines stay.
 */
export function escapeUnprintable(text: string): string {
  return UNUSUAL.test(text) ? text.replace(UNPRINTABLE, jsonEscape) : text
}

/** A character as strings of JSON may have it in ASCII (RFC 8259, 7): `\u009b`, and two of these above the BMP. */
export function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
