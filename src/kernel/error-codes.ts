/**
 * The code that {@link errorCodes} returns for a parse error of undici. Node.js gives such an error a code `HPE_…`;
 * undici 7.30 tries to and leaves it undefined, so its name serves as the code.
 */
export const PARSER_ERROR = 'HTTPParserError'

/** Returns the codes of an error and of every error it wraps (`cause`, `AggregateError.errors`), outermost first. */
export function errorCodes(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [...codeOf(error), ...[error.cause, ...inner].flatMap(errorCodes)]
}

function codeOf(error: Error): string[] {
  if (error.name === PARSER_ERROR) return [PARSER_ERROR]
  return 'code' in error && typeof error.code === 'string' ? [error.code] : []
}
