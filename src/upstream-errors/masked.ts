import { headersByName, type RawHeaders, withoutNamed } from '../http/raw-headers.ts'
import { Secret } from '../kernel/secret.ts'
import { decompress } from './body.ts'

/** Headers that do not hold for a body that was changed. */
const OF_THE_BYTES = 'content-encoding, content-length, content-md5, content-digest, repr-digest, digest, etag'

/** An answer as far as it can quote a request. */
interface Quoting {
  readonly headers: RawHeaders
  readonly body: Buffer
}

/**
 * An answer without the secrets that its headers and its body quote, whatever the coding of the body: one that quotes any
 * is without coding afterwards. Any other body is as it came.
 */
export function withoutSecrets<Answer extends Quoting>(answer: Answer, secrets: readonly Secret[]): Answer {
  const maskIn = (text: string) => Secret.maskAllIn(text, secrets)
  const headers = answer.headers.map(maskIn)
  const text = decompress(answer.body, headersByName(headers)).toString('latin1')
  const masked = maskIn(text)
  // decoders overlook what follows the end of what they decode
  const raw = answer.body.toString('latin1')
  if (masked === text && (raw === text || maskIn(raw) === raw)) return { ...answer, headers }
  const body = Buffer.from(masked, 'latin1')
  return { ...answer, headers: [...withoutNamed(headers, OF_THE_BYTES), 'content-length', `${body.length}`], body }
}
