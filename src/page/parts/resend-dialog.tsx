import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ShownBody } from '../../inspect/shown-body.ts'
import { MASK } from '../../kernel/mask.ts'
import { repeatable, type Sendable } from '../logic/copy.ts'
import { parseHeaders } from '../logic/header-lines.ts'
import { sendOn } from '../proxy.ts'
import { Notice } from './notice.tsx'

/** What {@link ResendDialog} begins with. */
interface ResendDialogProps {
  readonly original: Sendable
  /** The body as it was kept; null if none was. */
  readonly body: ShownBody | null
  /** Whether the original request had a body. */
  readonly hasBody: boolean
  /** Closes the dialog; `id` is that of the request that was sent, if one was. */
  onClose(id?: string): void
}

/** A form in which a request can be changed and sent once more. It passes the proxy like any other request. */
export function ResendDialog({ original, body, hasBody, onClose }: ResendDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const failure = useSignal('')
  const isSending = useSignal(false)
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const field = (name: string) => String(form.get(name) ?? '')
    isSending.value = true
    try {
      const [method, headers, text] = [field('method').toUpperCase(), parseHeaders(field('headers')), field('body')]
      onClose(await sendOn({ method, target: field('target'), headers, body: text === '' ? null : text }))
    } catch (error) {
      failure.value = error instanceof Error ? error.message : String(error)
      isSending.value = false
    }
  }
  const headers = repeatable(original.headers)
  const text = [original.target, original.body ?? '', ...headers.flat()].join('\n')
  return (
    <dialog ref={dialog} aria-labelledby="resend" onClose={() => onClose()}>
      <form onSubmit={submit}>
        <h2 id="resend">Send again</h2>
        <p>It passes policies and rate limits like any other request, and is recorded as a new one.</p>
        {hasBody && (body === null || body.isCutOff || body.text === null) && (
          <Notice kind="warn">The body of the original request was not kept whole. Complete it before you send.</Notice>
        )}
        {text.includes(MASK) && <Notice kind="warn">Secrets were masked. Replace each {MASK} before you send.</Notice>}
        <div class="line">
          <label>
            Method
            <input name="method" defaultValue={original.method} required pattern="[A-Za-z]+" size={7} />
          </label>
          <label class="wide">
            Path and query
            <input name="target" defaultValue={original.target} required pattern="/.*" />
          </label>
        </div>
        <label>
          Headers, one in each line
          <textarea name="headers" rows={4} spellcheck={false}>
            {headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
          </textarea>
        </label>
        <label>
          Body
          <textarea name="body" rows={8} spellcheck={false}>
            {original.body ?? ''}
          </textarea>
        </label>
        {failure.value && <Notice kind="bad">{failure.value}</Notice>}
        <div class="tools">
          <button type="submit" class="is-main" disabled={isSending.value}>
            Send {original.method}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
