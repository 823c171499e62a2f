import { session } from '../state.ts'
import { CopyButton } from './copy-button.tsx'

/** What to do while there is nothing to see. */
export function FirstRequest() {
  const command = `curl ${session.value?.isReadOnly ? 'http://ADDRESS-OF-THE-PROXY' : location.origin}/v2/policy`
  return (
    <section class="empty card">
      <h2>No requests yet</h2>
      <p>Programs call the Prisma Cloud API here, without a token. Try it in a terminal:</p>
      <div class="command">
        <code>{command}</code>
        <CopyButton label="Copy" text={() => command} />
      </div>
      <p>The request appears here as soon as it begins. The proxy keeps the latest ones, until it ends.</p>
    </section>
  )
}
