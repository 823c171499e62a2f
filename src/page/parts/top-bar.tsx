import { followAnew } from '../follow.ts'
import { logOut } from '../proxy.ts'
import { hrefOf, route, TITLES, VIEWS } from '../route.ts'
import { connection, fleet, paused, session } from '../state.ts'

const STATES = { connecting: 'Connecting', live: 'Live', login: 'Locked', lost: 'Disconnected' } as const

/** The name of the product, the tabs, and whether the page is live. */
export function TopBar() {
  const { value: known } = session
  const isAdmin = known?.isAdmin !== false
  // a client that is not an admin sees its own requests only
  const shown = VIEWS.filter(view => (view === 'fleet' ? fleet.value !== null : isAdmin || view === 'requests'))
  return (
    <header class="bar">
      <a class="brand" href="#/overview">
        prismacloud-proxy <small>{known?.version}</small>
      </a>
      <nav aria-label="Views">
        {shown.map(view => (
          <a
            key={view}
            href={hrefOf({ ...route.value, view, request: null })}
            aria-current={route.value.view === view ? 'page' : undefined}
          >
            {TITLES[view]}
          </a>
        ))}
      </nav>
      <ConnectionState />
      {known?.client && (
        <span class="who">
          {known.client}{' '}
          <button type="button" onClick={() => logOut().finally(followAnew)}>
            Log out
          </button>
        </span>
      )}
    </header>
  )
}

function ConnectionState() {
  const { state } = connection.value
  const text = state === 'live' && paused.value ? 'Paused' : STATES[state]
  return (
    <span class={`live is-${text.toLowerCase()}`} role="status">
      {text}
    </span>
  )
}
