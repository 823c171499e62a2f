const NOT_ASCII = /[\u0080-\u00ff]/

/**
 * Decodes a header value for display. Node.js represents its bytes as latin1 characters. They are read as UTF-8 if they
 * are valid UTF-8, otherwise as latin1 (RFC 9110, 5.5). Never use it for a value that is passed on.
 */
export function headerText(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return bytes
  }
}
