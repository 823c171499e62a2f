import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import { Secret } from '../kernel/secret.ts'
import { decodeText } from '../upstream-errors/body.ts'
import type { BodyStart } from './body-start.ts'
import { decode } from './decode.ts'
import { maskedText } from './masked-text.ts'

/** A body as people may see it: decoded, with credentials masked. */
export interface ShownBody {
  /** Null if the body is binary. */
  readonly text: string | null
  /** How many bytes of the body passed, as they were transferred: compressed, if it was. */
  readonly size: number
  /** Whether `text` is only the beginning. */
  readonly isCutOff: boolean
  /** What else there is to say, such as how it was compressed; null if there is nothing. */
  readonly note: string | null
}

/** What is known of a body beside its bytes. */
export interface BodyContext {
  /** The headers of its message. */
  readonly headers: RawHeaders
  /** What it must not show, in any encoding. */
  readonly secrets: readonly Secret[]
}

/** Prepares a body for people to look at. Takes some milliseconds for a large one. Never rejects. */
export async function showBody(body: BodyStart, { headers, secrets }: BodyContext): Promise<ShownBody> {
  const coding = headerOf(headers, 'content-encoding') ?? ''
  const { bytes, isCutOff, failure } = await decode(body.bytes, coding, body.max)
  const text = decodeText(bytes)
  const { size } = body
  const notes = [
    text === undefined && `binary: ${headerOf(headers, 'content-type') ?? 'no content-type'}`,
    coding !== '' && (failure ?? `decoded from ${coding}`),
  ]
  return {
    // the secrets first: another mask could cover a part of one, and leave the rest
    text: text === undefined ? null : maskedText(Secret.maskAllIn(text, secrets)),
    size,
    isCutOff: isCutOff || size > body.bytes.length,
    note: notes.filter(note => note !== false).join('; ') || null,
  }
}
