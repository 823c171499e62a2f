import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { matching } from '../../inspect/filter.ts'
import { bindKeys, KEYS } from '../keys.ts'
import { parseFilter } from '../logic/filter-text.ts'
import { counted } from '../logic/format.ts'
import { FirstRequest } from '../parts/first-request.tsx'
import { RequestList } from '../parts/request-list.tsx'
import { go, route } from '../route.ts'
import { paused, type Row, rows } from '../state.ts'
import { RequestDetails } from './request-details.tsx'

/** The live list of requests, and the one that is open. */
export function Requests() {
  const field = useRef<HTMLInputElement>(null)
  const frozen = useSignal<readonly Row[]>([])
  const selected = useSignal<string | null>(null)
  const known = useComputed(() => (paused.value ? frozen.value : rows.value))
  const shown = useComputed(() => {
    const isShown = matching(parseFilter(route.value.filter))
    return route.value.filter === '' ? known.value : known.value.filter(row => isShown(row as never))
  })

  const pause = () => {
    frozen.value = rows.value
    paused.value = !paused.value
  }
  const opened = useComputed(() => rows.value.find(({ id }) => id === route.value.request))
  const current = useComputed(() => opened.value?.key ?? selected.value)
  const move = (by: number) => {
    const at = shown.value.findIndex(({ key }) => key === current.value)
    const row = shown.value[Math.min(shown.value.length - 1, Math.max(0, at + by))]
    if (!row) return
    selected.value = row.key
    if (route.value.request !== null) go({ request: row.id }, true)
  }
  const open = (row: Row | undefined) => {
    if (!row) return
    selected.value = row.key
    go({ request: row.id })
  }
  const close = () => {
    if (document.activeElement === field.current) field.current?.blur()
    else if (route.value.request !== null) go({ request: null })
  }
  useEffect(
    () =>
      bindKeys({
        '/': () => field.current?.select(),
        j: () => move(1),
        k: () => move(-1),
        Enter: () => open(shown.value.find(({ key }) => key === current.value)),
        Escape: close,
        p: pause,
      }),
    [],
  )

  if (rows.value.length === 0) return <FirstRequest />
  const { filter, request } = route.value
  const waiting = paused.value ? rows.value.length - known.value.length : 0
  return (
    <div class={`requests ${request === null ? '' : 'has-open'}`}>
      <section class="list" aria-label="Requests">
        <div class="tools">
          <input
            ref={field}
            type="search"
            aria-label="Filter"
            placeholder="Filter: text, status:4xx, method:POST, tenant:… ( / )"
            value={filter}
            onInput={event => go({ filter: event.currentTarget.value }, true)}
            spellcheck={false}
          />
          <button type="button" aria-pressed={paused.value} onClick={pause} title="p">
            {paused.value ? 'Go on' : 'Pause'}
          </button>
          <span class="count">
            {filter === '' ? '' : `${shown.value.length.toLocaleString('en')} of `}
            {counted(known.value.length, 'request')}
            {waiting > 0 && `, ${waiting} more since`}
          </span>
        </div>
        <RequestList rows={shown.value} selected={current.value} onOpen={open} onMove={move} />
        <p class="keys">
          {KEYS.map(([key, does]) => (
            <span key={key}>
              <kbd>{key}</kbd> {does}
            </span>
          ))}
        </p>
      </section>
      {request !== null && (
        <RequestDetails key={request} id={request} row={opened.value} onClose={() => go({ request: null })} />
      )}
    </div>
  )
}
