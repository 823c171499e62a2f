import type { RawHeaders } from '../http/raw-headers.ts'
import { Problem } from '../problem/problem.ts'

/**
 * Headers that make servers use another method than the request line's. CGI makes no difference between `_` and `-`.
 */
const OVERRIDE = /^x[-_](?:http[-_])?method(?:[-_]override)?$/i

/**
 * Rejects a request with a header that names another method than its request line. These headers are never forwarded,
 * so that policies judge the method that the upstream executes. Without the header, the upstream would execute the
 * wrong method: a POST instead of a DELETE.
 * @throws {Problem} `invalid-request`
 */
export function judgeMethod(method: string, headers: RawHeaders): void {
  for (let at = 0; at < headers.length; at += 2) {
    const name = String(headers[at])
    if (OVERRIDE.test(name) && isOther(method, String(headers[at + 1]))) throw conflict(method, name)
  }
}

function isOther(method: string, value: string): boolean {
  const named = value.split(',').map(name => name.trim().toUpperCase())
  return named.some(name => name !== '' && name !== method)
}

function conflict(method: string, header: string): Problem {
  return new Problem(
    'invalid-request',
    `${header} does not match the request method ${method}; send the intended method in the request line`,
  )
}
