import type { Call } from '../call.ts'
import type { ApiResponse } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import type { Session } from '../tokens.ts'

/** A call that has passed every check which its route asks for. */
export interface RoutedCall extends Call {
  /** What stood in the place of the template's variables, raw, in their order. */
  readonly variables: readonly string[]
  /** The JSON body; empty where the route takes none. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly session: Session
}

/** One endpoint. */
export interface Route {
  /** `*` for any. A GET answers HEAD too. */
  readonly method: string
  readonly template: string
  /** The header that must carry a live token. */
  readonly auth: 'none' | 'x-redlock-auth' | 'authorization'
  /** The fields that its JSON body must have; absent when it takes no JSON. */
  readonly required?: readonly string[]
  readonly handle: (call: RoutedCall, state: SimulatorState) => ApiResponse
}

/** Where a path and method lead: to a route, to none of this method (those allowed are named), or nowhere. */
export type RouteMatch =
  | { readonly route: Route; readonly variables: readonly string[] }
  | { readonly allowed: readonly string[] }

/** Finds the route for a call. A path is taken as it stands: no decoding, no trailing slash forgiven. */
export function findRoute(routes: readonly Route[], { method, path }: Call): RouteMatch {
  const matches = routes.flatMap(route => {
    const variables = matchTemplate(route.template, path)
    return variables ? [{ route, variables }] : []
  })
  const found = matches.find(({ route }) => accepts(route, method))
  return found ?? { allowed: matches.map(({ route }) => route.method) }
}

function accepts(route: Route, method: string): boolean {
  return route.method === '*' || route.method === (method === 'HEAD' ? 'GET' : method)
}

function matchTemplate(template: string, path: string): string[] | undefined {
  const expected = template.split('/')
  const given = path.split('/')
  if (given.length !== expected.length) return undefined
  const variables: string[] = []
  for (const [index, part] of given.entries()) {
    if (part !== '' && expected[index]?.startsWith('{')) variables.push(part)
    else if (part !== expected[index]) return undefined
  }
  return variables
}
