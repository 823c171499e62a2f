import { findingsOf } from '../logic/findings.ts'
import { counted, duration } from '../logic/format.ts'
import { trafficSeries } from '../logic/series.ts'
import { Chart } from '../parts/chart.tsx'
import { FirstRequest } from '../parts/first-request.tsx'
import { Notice } from '../parts/notice.tsx'
import { Prose } from '../parts/prose.tsx'
import { fleet, limits, now, rows, sessions, traffic } from '../state.ts'

/** What is wrong now, and the traffic of the last hour. */
export function Overview() {
  const slots = traffic.value?.slots ?? []
  if (sessions.value === null) return <p class="hint">Waiting for the proxy…</p>
  const [requests, failed] = [sum(slots.map(slot => slot.requests)), sum(slots.map(slot => slot.failed))]
  return (
    <>
      <Findings />
      {slots.length === 0 && rows.value.length === 0 ? (
        <FirstRequest />
      ) : (
        <>
          <p class="hint">
            {counted(requests, 'request')} in the last hour, {failed === 0 ? 'none' : failed.toLocaleString('en')}{' '}
            failed.
          </p>
          <Charts />
        </>
      )}
    </>
  )
}

function Findings() {
  const found = findingsOf({
    now: now.value,
    sessions: sessions.value,
    limits: limits.value,
    fleet: fleet.value,
    rows: rows.value,
  })
  if (found.length === 0) return <p class="all-well">Nothing is wrong.</p>
  return (
    <section aria-label="What is wrong now">
      {found.map(({ kind, title, text, problem }) => (
        <Notice key={title} kind={kind}>
          <b>{title}</b> <Prose text={text} />{' '}
          {problem && (
            <a href={`/_proxy/problems/${problem}`} target="_blank" rel="noreferrer">
              More about {problem}
            </a>
          )}
        </Notice>
      ))}
    </section>
  )
}

function Charts() {
  const { times, rate, failed, p50, p95 } = trafficSeries(traffic.value?.slots ?? [], now.value)
  const perSecond = (value: number) => `${Math.round(value * 100) / 100}/s`
  const [latest, latestFailed] = [rate.at(-1) ?? 0, failed.at(-1) ?? 0]
  const last = p95.findLast(value => value !== null) ?? null
  return (
    <div class="charts">
      <Chart
        title="Requests per second"
        summary={`${perSecond(latest)} now, ${perSecond(Math.max(...rate))} at most in the last hour`}
        times={times}
        series={[{ label: 'requests', colour: 'upstream', values: rate, isFilled: true }]}
        format={perSecond}
      />
      <Chart
        title="Time per request"
        summary={last === null ? 'no request' : `95 % took at most ${duration(last)} lately`}
        times={times}
        series={[
          { label: 'median', colour: 'upstream', values: p50 },
          { label: '95 %', colour: 'queue', values: p95 },
        ]}
        format={duration}
      />
      <Chart
        title="Failed requests per second"
        summary={`${perSecond(latestFailed)} now, ${perSecond(Math.max(...failed))} at most in the last hour`}
        times={times}
        series={[{ label: 'failed', colour: 'bad', values: failed, isFilled: true }]}
        format={perSecond}
      />
    </div>
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0)
}
