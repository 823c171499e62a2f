import { signal } from '@preact/signals'

/** The titles of the views, by their names in the address, in the order of the tabs. */
export const TITLES = {
  overview: 'Overview',
  requests: 'Requests',
  sessions: 'Sessions',
  limits: 'Limits',
  fleet: 'Fleet',
} as const

/** The name of a view. */
export type View = keyof typeof TITLES

/** The names of all views, in the order of the tabs. */
export const VIEWS = Object.keys(TITLES) as readonly View[]

/** Where somebody is: the view, what is typed into the filter, and the id of the request that is open. */
export interface Route {
  readonly view: View
  readonly filter: string
  readonly request: string | null
}

/** The current route. It is in the address, so that it can be reloaded, marked and sent to others. */
export const route = signal<Route>(read())

addEventListener('hashchange', () => {
  route.value = read()
})

/** Goes somewhere else. What is not given stays; going `back` to this place is possible unless `replace` is set. */
export function go(to: Partial<Route>, replace = false): void {
  const next = { ...route.value, ...to }
  history[replace ? 'replaceState' : 'pushState'](null, '', hrefOf(next))
  route.value = next
}

/** The address of a route, relative to the page. */
export function hrefOf({ view, filter, request }: Route): string {
  const query = new URLSearchParams({ ...(filter && { filter }), ...(request !== null && { request }) })
  return `#/${view}${query.size > 0 ? `?${query}` : ''}`
}

function read(): Route {
  const [path = '', query] = location.hash.replace(/^#\/?/, '').split('?')
  const given = new URLSearchParams(query)
  const view = VIEWS.find(name => name === path) ?? 'overview'
  return { view, filter: given.get('filter') ?? '', request: given.get('request') }
}
