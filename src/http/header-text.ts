const NOT_ASCII = /[\u0080-\u00ff]/

/**
 * What a header says whose bytes came as characters of latin1, as Node.js gives them: UTF-8 where they are that, else
 * latin1 (RFC 9110, 5.5). For showing it; what is passed on stays as it came.
 */
export function headerText(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return bytes
  }
}
