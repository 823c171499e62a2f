import type { RawHeaders } from '../http/raw-headers.ts'
import { Problem } from '../problem/problem.ts'

/** Headers that have servers take another method for the one of the request line; through CGI `_` is a `-` to them. */
const OVERRIDE = /^x[-_](?:http[-_])?method(?:[-_]override)?$/i

/**
 * Refuses a request that names another method in a header than in its request line. No such header is forwarded, so that
 * policies judge what the upstream does; and without it, what the client did not mean would be done: a POST in place of a
 * DELETE.
 * @throws {Problem} `invalid-request`
 */
export function judgeMethod(method: string, headers: RawHeaders): void {
  for (let at = 0; at < headers.length; at += 2) {
    const name = String(headers[at])
    // spares nearly all headers the look, which costs as much as the rest of what is judged
    if (name[0] !== 'x' && name[0] !== 'X') continue
    if (OVERRIDE.test(name) && isOther(method, String(headers[at + 1]))) throw refusal(method, name)
  }
}

function isOther(method: string, value: string): boolean {
  const named = value.split(',').map(name => name.trim().toUpperCase())
  return named.some(name => name !== '' && name !== method)
}

function refusal(method: string, header: string): Problem {
  return new Problem('invalid-request', `${header} names another method than ${method}: send that method itself`)
}
