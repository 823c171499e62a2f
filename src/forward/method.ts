import type { IncomingMessage } from 'node:http'

/** Headers that have servers take another method for the one of the request line. */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** The methods, in upper case, for which a server may take that of a request. */
export function methodsOf({ headers }: Pick<IncomingMessage, 'headers'>, method: string): string[] {
  const methods = [method]
  for (const name of METHOD_OVERRIDES) {
    const override = headers[name]
    if (override !== undefined) methods.push(override.toString().toUpperCase())
  }
  return methods
}
