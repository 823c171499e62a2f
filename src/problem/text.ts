/** White space, control characters, lone surrogates, and what reorders the text around it (Unicode Bidi_Control). */
const UNPRINTABLE = /[\s\p{Cc}\p{Cs}\p{Bidi_Control}]+/gu

/**
 * `text` on one line of at most `max` characters and an ellipsis, without control characters and the like, so that it is safe in a
 * terminal and in a log. The part beyond `max` is not looked at.
 */
export function oneLine(text: string, max: number): string {
  const line = text.slice(0, max).replace(UNPRINTABLE, ' ').trim()
  return text.length > max ? `${line}…` : line
}
