import { useEffect } from 'preact/hooks'
import { onKey } from '../keys.ts'
import { Login } from '../parts/login.tsx'
import { Notice } from '../parts/notice.tsx'
import { TopBar } from '../parts/top-bar.tsx'
import { route, TITLES, type View } from '../route.ts'
import { connection } from '../state.ts'
import { Fleet } from './fleet.tsx'
import { Limits } from './limits.tsx'
import { Overview } from './overview.tsx'
import { Requests } from './requests.tsx'
import { Sessions } from './sessions.tsx'

const VIEW: Readonly<Record<View, () => preact.JSX.Element>> = {
  overview: Overview,
  requests: Requests,
  sessions: Sessions,
  limits: Limits,
  fleet: Fleet,
}

/** The whole page: the bar at the top, what is wrong with the connection, and the view of the route. */
export function App() {
  useEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const { view } = route.value
  const { state } = connection.value
  const Shown = VIEW[view]
  return (
    <>
      <TopBar />
      <main id="main" class={`view-${view}`}>
        <h1 class="for-readers">{TITLES[view]}</h1>
        {state === 'lost' && <Notice kind="bad">{connection.value.reason} Trying again…</Notice>}
        {state === 'login' ? <Login /> : <Shown />}
      </main>
    </>
  )
}
