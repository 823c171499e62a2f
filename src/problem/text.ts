/** White space, control characters, lone surrogates, and characters that reorder text (Unicode Bidi_Control). */
const UNPRINTABLE = /[\s\p{Cc}\p{Cs}\p{Bidi_Control}]+/gu

/**
 * Makes a text safe for a terminal and a log: one line of at most `max` characters, without control characters. Text
 * beyond `max` is not even scanned; an ellipsis replaces it.
 */
export function oneLine(text: string, max: number): string {
  const line = text.slice(0, max).replace(UNPRINTABLE, ' ').trim()
  return text.length > max ? `${line}…` : line
}
