/** The keys of the page, with what they do. */
export const KEYS: readonly (readonly [key: string, does: string])[] = [
  ['/', 'filter the requests'],
  ['j', 'next request'],
  ['k', 'previous request'],
  ['Enter', 'open the request'],
  ['Esc', 'close it, or leave the filter'],
  ['p', 'pause, and go on'],
]

type Action = () => void

const actions = new Map<string, Action>()

/** Lets a key do something, until the function that it returns is called. */
export function bindKeys(bound: Readonly<Record<string, Action>>): () => void {
  for (const [key, action] of Object.entries(bound)) actions.set(key, action)
  return () => {
    for (const [key, action] of Object.entries(bound)) if (actions.get(key) === action) actions.delete(key)
  }
}

/** Does what a key is bound to, unless somebody is typing. Only Escape works there, too, but not in a dialog. */
export function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey) return
  const target = event.target as HTMLElement
  if (target.closest('dialog')) return
  const isTyping = target.closest('input, textarea') !== null
  // Enter on a link or button is for that
  if (event.key !== 'Escape' && (isTyping || (event.key === 'Enter' && target.closest('a, button, summary')))) return
  const action = actions.get(event.key)
  if (!action) return
  event.preventDefault()
  action()
}
