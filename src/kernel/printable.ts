/** A character that may need escaping: anything but printable ASCII, tabs and newlines. */
const UNUSUAL = /[^\t\n -~]/

/**
 * Control characters (C0, DEL, C1), format characters (Unicode Cf, which reorder text), line separators, lone
 * surrogates.
 */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Escapes the characters that a terminal or log viewer could act on, as JSON does (`\u009b`), so JSON text keeps its
 * meaning. Tabs and newlines stay.
 */
export function escapeUnprintable(text: string): string {
  return UNUSUAL.test(text) ? text.replace(UNPRINTABLE, jsonEscape) : text
}

/** Escapes a character in ASCII as JSON strings allow (RFC 8259, 7): `\u009b`, or two such escapes beyond the BMP. */
export function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
