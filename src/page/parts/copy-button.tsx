import { useSignal } from '@preact/signals'

/** How long a button says that it has done its work, in milliseconds. */
const SAID = 1_500

/** Copies a text to the clipboard when it is pressed. */
export function CopyButton({ label, text }: { label: string; text: () => string | Promise<string> }) {
  const said = useSignal('')
  const copy = async () => {
    said.value = await Promise.resolve(text())
      .then(found => navigator.clipboard.writeText(found))
      .then(
        () => 'Copied',
        () => 'Not allowed',
      )
    setTimeout(() => {
      said.value = ''
    }, SAID)
  }
  return (
    <button type="button" onClick={copy}>
      <span aria-live="polite">{said.value || label}</span>
    </button>
  )
}
