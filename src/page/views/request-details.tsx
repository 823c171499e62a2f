import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { RequestDetails as Details } from '../../inspect/record.ts'
import { asCurl, asFetch, type Sendable } from '../logic/copy.ts'
import { cureOf } from '../logic/cure.ts'
import { clockTime, duration, kindOf, size, statusText } from '../logic/format.ts'
import { partsOf } from '../logic/timing.ts'
import { BodyView } from '../parts/body-view.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Headers } from '../parts/headers.tsx'
import { Notice } from '../parts/notice.tsx'
import { Prose } from '../parts/prose.tsx'
import { ResendDialog } from '../parts/resend-dialog.tsx'
import { TimingBar } from '../parts/timing-bar.tsx'
import { call, sendOn } from '../proxy.ts'
import { go } from '../route.ts'
import { mayAct, type Row } from '../state.ts'

/** What {@link RequestDetails} shows. */
interface RequestDetailsProps {
  readonly id: string
  /** What the list knows of the request; undefined if it is not in the list. */
  readonly row: Row | undefined
  onClose(): void
}

/** Everything that is known about one request. */
export function RequestDetails({ id, row, onClose }: RequestDetailsProps) {
  const details = useSignal<Details | null>(null)
  const failure = useSignal('')
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  // once more when the request has ended
  useEffect(() => {
    const leaving = new AbortController()
    call(`/_proxy/requests/${encodeURIComponent(id)}`, { signal: leaving.signal })
      .then(response => response.json())
      .then(
        found => {
          details.value = found
          failure.value = ''
        },
        error => {
          if (!leaving.signal.aborted) failure.value = error.message
        },
      )
    return () => leaving.abort()
  }, [id, row?.status])

  const shown = details.value ?? row
  return (
    <section class="details" aria-label="Request details">
      <div class="title">
        <h2 ref={heading} tabIndex={-1}>
          {shown ? `${shown.method} ${shown.target}` : id}
        </h2>
        <button type="button" onClick={onClose} aria-label="Close" title="Esc">
          ✕
        </button>
      </div>
      {failure.value && <Notice kind="warn">{failure.value}</Notice>}
      {shown && <Summary request={shown} />}
      {details.value && <Contents details={details.value} />}
    </section>
  )
}

function Summary({ request }: { request: Row | Details }) {
  const { id, status, times, bytes, requestBytes, problem, upstreamRequestId } = request
  const cure = problem && cureOf(problem.type)
  const facts = {
    Status: <b class={`is-${kindOf(status)}`}>{status === 0 ? 'the client left' : statusText(status)}</b>,
    Began: clockTime(request.startedAt),
    Tenant: request.tenant,
    Client: request.client,
    Operation: request.operation === 'other' ? null : request.operation,
    'First byte': times.firstByte === null ? null : `after ${duration(times.firstByte)}`,
    Sent: requestBytes === 0 ? null : size(requestBytes),
    Received: size(bytes),
    Cache: request.cache,
    Retried: request.replayed ? 'yes' : null,
    'Request id': <code>{id}</code>,
    'Upstream id': upstreamRequestId && <code>{upstreamRequestId}</code>,
  }
  return (
    <>
      {problem && (
        <Notice kind="bad">
          <a href={`/_proxy/problems/${problem.type}`} target="_blank" rel="noreferrer">
            {problem.type}
          </a>{' '}
          {problem.detail}
          {cure && (
            <p class="cure">
              <Prose text={cure} />
            </p>
          )}
        </Notice>
      )}
      <TimingBar times={times} longest={times.total ?? 1} />
      <p class="timing-words">
        {partsOf(times).map(([name, ms]) => (
          <span key={name}>
            <i class={`swatch ${name}`} /> {name} {duration(ms)}
          </span>
        ))}
        {times.total !== null && <b>total {duration(times.total)}</b>}
      </p>
      <dl class="facts">
        {Object.entries(facts).map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </>
  )
}

function Contents({ details }: { details: Details }) {
  const isEditing = useSignal(false)
  const failure = useSignal('')
  const { method, target, requestBytes, requestHeaders, responseHeaders, requestBody, responseBody } = details
  // whatever else is sent is looked at first
  const isSafe = (method === 'GET' || method === 'HEAD') && requestBytes === 0
  const show = (id: string) => go({ request: id })
  const noteFailure = (error: Error) => {
    failure.value = error.message
  }
  const sendable: Sendable = { method, target, headers: requestHeaders, body: requestBody?.text ?? null }
  return (
    <>
      <div class="tools" role="toolbar" aria-label="Actions">
        <CopyButton label="Copy as curl" text={() => asCurl(sendable, location.origin)} />
        <CopyButton label="Copy as fetch" text={() => asFetch(sendable, location.origin)} />
        <CopyButton label="Copy as HAR" text={() => harOf(details.id)} />
        {mayAct.value && isSafe && (
          <button type="button" onClick={() => sendOn(sendable).then(show, noteFailure)}>
            Send again
          </button>
        )}
        {mayAct.value && (
          <button
            type="button"
            onClick={() => {
              isEditing.value = true
            }}
          >
            Edit and send…
          </button>
        )}
      </div>
      {failure.value && <Notice kind="bad">{failure.value}</Notice>}
      {isEditing.value && (
        <ResendDialog
          original={sendable}
          body={requestBody}
          hasBody={requestBytes > 0}
          onClose={id => {
            isEditing.value = false
            if (id !== undefined) show(id)
          }}
        />
      )}
      <Headers title="Request headers" headers={requestHeaders} />
      <BodyView title="Request body" body={requestBody} bytes={requestBytes} headers={requestHeaders} />
      <Headers title="Response headers" headers={responseHeaders} />
      <BodyView title="Response body" body={responseBody} bytes={details.bytes} headers={responseHeaders} />
    </>
  )
}

async function harOf(id: string): Promise<string> {
  return (await call(`/_proxy/requests.har?id=${encodeURIComponent(id)}`)).text()
}
