/** undici (7.30) means to give this error a code `HPE_…`, as Node.js does, and gives it none: its name stands for one. */
export const PARSER_ERROR = 'HTTPParserError'

/** The codes of an error and of all that it wraps (`cause`, `AggregateError.errors`), outermost first. */
export function errorCodes(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [...codeOf(error), ...[error.cause, ...inner].flatMap(errorCodes)]
}

function codeOf(error: Error): string[] {
  if (error.name === PARSER_ERROR) return [PARSER_ERROR]
  return 'code' in error && typeof error.code === 'string' ? [error.code] : []
}
