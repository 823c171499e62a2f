import { useSignal } from '@preact/signals'
import { counted } from '../logic/format.ts'

/** How many members or items are shown before somebody asks for more. */
const SHOWN_AT_FIRST = 100

/** How deep a tree is open at first. */
const OPEN_DEPTH = 2

/** A JSON value as a tree of which each object and array can be folded. */
export function JsonTree({ value }: { value: unknown }) {
  return (
    <div class="json">
      <JsonNode value={value} depth={0} />
    </div>
  )
}

function JsonNode({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const shown = useSignal(SHOWN_AT_FIRST)
  const isOpen = useSignal(depth < OPEN_DEPTH)
  const label = name === undefined ? null : <span class="key">{name}: </span>
  if (typeof value !== 'object' || value === null) {
    return (
      <div>
        {label}
        <span class={`is-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    )
  }
  const entries = Object.entries(value)
  const size = Array.isArray(value) ? `[${counted(entries.length, 'item')}]` : `{${counted(entries.length, 'member')}}`
  if (entries.length === 0)
    return (
      <div>
        {label}
        {Array.isArray(value) ? '[]' : '{}'}
      </div>
    )
  return (
    <details
      open={isOpen.value}
      onToggle={event => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary>
        {label}
        <span class="size">{size}</span>
      </summary>
      {/* what is folded is not drawn: a body may have thousands of values */}
      {isOpen.value &&
        entries
          .slice(0, shown.value)
          .map(([key, each]) => <JsonNode key={key} name={key} value={each} depth={depth + 1} />)}
      {isOpen.value && entries.length > shown.value && (
        <button
          type="button"
          onClick={() => {
            shown.value += SHOWN_AT_FIRST
          }}
        >
          {entries.length - shown.value} more
        </button>
      )}
    </details>
  )
}
