// Declares what a route is, and finds the route of a call.

import type { Call } from '../call.ts'
import type { ApiResponse } from '../responses.ts'
import type { SimulatorState } from '../state.ts'
import type { Session } from '../tokens.ts'

/** A call that passed all checks of its route. */
export interface RoutedCall extends Call {
  /** The raw values of the template's variables, in order. */
  readonly variables: readonly string[]
  /** The members of the JSON body; empty if the route takes none. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly session: Session
}

/** One endpoint of the simulated API: what it requires, and the function that handles it. */
export interface Route {
  /** `*` for any method. GET also handles HEAD. */
  readonly method: string
  /** The path, with variables in braces: `/alert/{id}`. A variable stands for one non-empty segment. */
  readonly template: string
  /** The header that must carry a live token; `none` for routes that need no session. */
  readonly auth: 'none' | 'x-redlock-auth' | 'authorization'
  /** The members that the JSON body must have, `[]` for any object; undefined if the route takes no JSON. */
  readonly required?: readonly string[]
  /** Computes the response. Called only after token, rate limit and body have been checked. */
  readonly handle: (call: RoutedCall, state: SimulatorState) => ApiResponse
}

/** A matching route, or the methods that the path allows: none if the path is unknown. */
export type RouteMatch =
  | { readonly route: Route; readonly variables: readonly string[] }
  | { readonly allowed: readonly string[] }

/** Finds the route of a call. Paths must match exactly: they are not decoded, and a trailing slash counts. */
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
  const actual = path.split('/')
  if (actual.length !== expected.length) return undefined
  const variables: string[] = []
  for (const [index, part] of actual.entries()) {
    if (part !== '' && expected[index]?.startsWith('{')) variables.push(part)
    else if (part !== expected[index]) return undefined
  }
  return variables
}
