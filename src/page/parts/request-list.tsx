import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { clockTime, duration, kindOf, statusText } from '../logic/format.ts'
import { visibleRows } from '../logic/visible-rows.ts'
import type { Row } from '../state.ts'
import { TimingBar } from './timing-bar.tsx'

/** The height of a row in pixels, as in page.css. */
const ROW_HEIGHT = 32

/** How far each arrow key goes. */
const ARROWS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

/** What {@link RequestList} shows. */
interface RequestListProps {
  readonly rows: readonly Row[]
  /** The key of the selected row. */
  readonly selected: string | null
  onOpen(row: Row | undefined): void
  /** Selects the row so many places below. */
  onMove(by: number): void
}

/** A list of any length, of which only what can be seen is drawn. */
export function RequestList({ rows, selected, onOpen, onMove }: RequestListProps) {
  const list = useRef<HTMLDivElement>(null)
  const scrolled = useSignal(0)
  const height = useSignal(800)
  const firstKey = useRef<string | undefined>(undefined)

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  // new rows come in above; what somebody has scrolled to stays where it is
  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement
    const added = rows.findIndex(({ key }) => key === firstKey.current)
    firstKey.current = rows[0]?.key
    if (added > 0 && element.scrollTop > 0) element.scrollTop += added * ROW_HEIGHT
  }, [rows])
  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement
    const top = rows.findIndex(({ key }) => key === selected) * ROW_HEIGHT
    if (top < 0) return
    // the next Enter is for the row, not for what had the focus
    element.focus({ preventScroll: true })
    if (top < element.scrollTop) element.scrollTop = top
    const bottom = top + ROW_HEIGHT - element.clientHeight
    if (bottom > element.scrollTop) element.scrollTop = bottom
  }, [selected])

  const { first, end } = visibleRows(rows.length, ROW_HEIGHT, scrolled.value, height.value)
  const longest = Math.max(1, ...rows.slice(first, end).map(({ times }) => times.total ?? 0))
  return (
    <div
      ref={list}
      class="rows"
      role="listbox"
      tabIndex={0}
      aria-label="Requests, the newest first"
      aria-activedescendant={selected === null ? undefined : `row-${selected}`}
      onClick={event => {
        const row = (event.target as Element).closest('[role=option]')
        onOpen(rows[Number(row?.getAttribute('aria-posinset')) - 1])
      }}
      onKeyDown={event => {
        const by = ARROWS[event.key]
        if (by === undefined) return
        event.preventDefault()
        onMove(by)
      }}
      onScroll={event => {
        scrolled.value = event.currentTarget.scrollTop
      }}
    >
      {rows.length === 0 && <p class="none">No request matches the filter.</p>}
      <div role="presentation" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {rows.slice(first, end).map((row, at) => (
          <RequestRow
            key={row.key}
            row={row}
            place={first + at}
            count={rows.length}
            longest={longest}
            isSelected={row.key === selected}
          />
        ))}
      </div>
    </div>
  )
}

interface RequestRowProps {
  readonly row: Row
  /** Its place in the list, from 0. */
  readonly place: number
  readonly count: number
  /** The longest total time that can be seen, in milliseconds: as wide as the timing bars become. */
  readonly longest: number
  readonly isSelected: boolean
}

function RequestRow({ row, place, count, longest, isSelected }: RequestRowProps) {
  const { status, method, target, tenant, client, times, startedAt, problem } = row
  const total = times.total === null ? '' : duration(times.total)
  return (
    <div
      id={`row-${row.key}`}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-posinset={place + 1}
      aria-setsize={count}
      class={`row is-${kindOf(status)}`}
      style={{ transform: `translateY(${place * ROW_HEIGHT}px)` }}
    >
      <span class="time">{clockTime(startedAt)}</span>
      <span class="status">{statusText(status)}</span>
      <span class="method">{method}</span>
      <span class="target" title={target}>
        {target}
        {problem && <em class="problem-name"> {problem.type}</em>}
      </span>
      <span class="who">{[tenant, client].filter(Boolean).join(' · ')}</span>
      <span class="took">{total}</span>
      <TimingBar times={times} longest={longest} />
    </div>
  )
}
