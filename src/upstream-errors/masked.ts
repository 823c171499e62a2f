import { headersByName, type RawHeaders, withoutNamed } from '../http/raw-headers.ts'
import { Secret } from '../kernel/secret.ts'
import { decompress } from './body.ts'

/** Headers that no longer apply once the body has been changed. */
const OF_THE_BYTES = 'content-encoding, content-length, content-md5, content-digest, repr-digest, digest, etag'

/** The parts of a response that can quote a request. */
interface Quoting {
  readonly headers: RawHeaders
  readonly body: Buffer
}

/**
 * Masks the secrets that the headers and the body of a response quote, even in a compressed body. A body with secrets
 * is returned decompressed; any other body is returned unchanged.
 */
export function withoutSecrets<Response extends Quoting>(response: Response, secrets: readonly Secret[]): Response {
  const maskIn = (text: string) => Secret.maskAllIn(text, secrets)
  const headers = response.headers.map(maskIn)
  const text = decompress(response.body, headersByName(headers)).toString('latin1')
  const masked = maskIn(text)
  // decoders ignore bytes that follow the end of the compressed data
  const raw = response.body.toString('latin1')
  if (masked === text && (raw === text || maskIn(raw) === raw)) return { ...response, headers }
  const body = Buffer.from(masked, 'latin1')
  return { ...response, headers: [...withoutNamed(headers, OF_THE_BYTES), 'content-length', `${body.length}`], body }
}
