import type { ComponentChildren } from 'preact'

/** A sentence that stands out: something is wrong (`bad`), may go wrong (`warn`), or is worth knowing (`info`). */
export function Notice({ kind, children }: { kind: 'bad' | 'warn' | 'info'; children: ComponentChildren }) {
  return (
    <div class={`notice is-${kind}`} role={kind === 'bad' ? 'alert' : undefined}>
      {children}
    </div>
  )
}
