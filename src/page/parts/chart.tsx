import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { clockTime } from '../logic/format.ts'

/** A line of a {@link Chart}. */
export interface Series {
  readonly label: string
  /** The CSS variable that holds its colour, without the dashes. */
  readonly colour: 'upstream' | 'queue' | 'bad'
  /** A value for each time; null where there is none. */
  readonly values: readonly (number | null)[]
  /** Whether the area below is filled. */
  readonly isFilled?: boolean
}

/** What {@link Chart} shows. */
interface ChartProps {
  readonly title: string
  /** What the chart says, for those who cannot see it. */
  readonly summary: string
  /** In seconds since the epoch. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  /** How high it is, in pixels. */
  readonly height?: number
  /** Shows a value with its unit. */
  format(value: number): string
}

const DARK = matchMedia('(prefers-color-scheme: dark)')

/** Lines over time, with the values at the pointer. uPlot draws them, because it is small and fast. */
export function Chart({ title, summary, times, series, height = 160, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const pointed = useSignal<number | null>(null)
  const isDark = useSignal(DARK.matches)
  const data = [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData

  useEffect(() => {
    const onChange = () => {
      isDark.value = DARK.matches
    }
    DARK.addEventListener('change', onChange)
    return () => DARK.removeEventListener('change', onChange)
  }, [])
  useEffect(() => {
    const element = place.current as HTMLDivElement
    const onPoint = (at: number | null | undefined) => {
      pointed.value = at ?? null
    }
    const made = new uPlot(optionsFor({ element, series, height, format, onPoint }), data, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
    // colours are read when the chart is made
  }, [isDark.value, series.length])
  useEffect(() => plot.current?.setData(data))

  const at = pointed.value
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b>
        {at !== null && times[at] !== undefined && <span>{clockTime(times[at] * 1_000)}</span>}
        {(at !== null || series.length > 1) &&
          series.map(({ label, colour, values }) => (
            <span key={label}>
              <i class={`swatch is-of-${colour}`} /> {label} {valueAt(values, at, format)}
            </span>
          ))}
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  )
}

function valueAt(values: Series['values'], at: number | null, format: (value: number) => string): string {
  const value = at === null ? null : values[at]
  return value === null || value === undefined ? '' : format(value)
}

interface Drawn extends Required<Pick<ChartProps, 'series' | 'height' | 'format'>> {
  readonly element: HTMLElement
  /** Called with the index of the time that the pointer is at, if it is at one. */
  onPoint(at: number | null | undefined): void
}

function optionsFor({ element, series, height, format, onPoint }: Drawn): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const line = { stroke: colour('line'), width: 1 }
  const axis = { stroke: colour('dim'), grid: line, ticks: line, font: '11px system-ui' }
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx)] },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, size: 28, values: (_plot, ticks) => ticks.map(seconds => clockTime(seconds * 1_000).slice(0, 5)) },
      { ...axis, size: 56, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, isFilled }) => ({
        label,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(isFilled && { fill: `${colour(name)}22` }),
      })),
    ],
  }
}
