import { useMemo } from 'preact/hooks'
import type { Pair } from '../../http/raw-headers.ts'
import type { ShownBody } from '../../inspect/shown-body.ts'
import { size } from '../logic/format.ts'
import { CopyButton } from './copy-button.tsx'
import { JsonTree } from './json-tree.tsx'

/** What {@link BodyView} shows. */
interface BodyViewProps {
  readonly title: string
  /** Null if none was kept. */
  readonly body: ShownBody | null
  /** How long the body was, as it was sent, in bytes. */
  readonly bytes: number
  readonly headers: readonly Pair[]
}

/** A body: JSON as a tree to fold, anything else as text. Says why there is nothing, if there should be. */
export function BodyView({ title, body, bytes, headers }: BodyViewProps) {
  const json = useMemo(() => (body?.text ? parsed(body.text) : undefined), [body])
  if (!body && bytes === 0) return null
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return (
    <details class="body" open>
      <summary>
        {title} <small>{[size(bytes), type].filter(Boolean).join(', ')}</small>
      </summary>
      {!body && <p class="hint">Not kept. Set inspect.bodies: all to keep the bodies of all requests.</p>}
      {body?.note && <p class="hint">{body.note}</p>}
      {body?.isCutOff && <p class="hint">Only the beginning was kept; see inspect.maxBody.</p>}
      {body?.text && <CopyButton label="Copy body" text={() => body.text ?? ''} />}
      {json === undefined ? body?.text && <pre>{body.text}</pre> : <JsonTree value={json.value} />}
    </details>
  )
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
