import { randomBytes } from 'node:crypto'
import * as zlib from 'node:zlib'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'

const part = (bytes: number) => randomBytes(bytes).toString('base64url')

/** A token as the vendor's are, never the same. */
export const TOKEN = `${part(20)}.${Buffer.from('{"exp":4102444800,"iat":4102444200}').toString('base64url')}${part(200)}.${part(32)}`

const each = (text: string, write: (code: string) => string) =>
  Array.from(text, character => write(character.charCodeAt(0).toString(16).padStart(2, '0'))).join('')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const half = Math.floor(TOKEN.length / 2)

/** What stands of a secret in an answer, in text that holds nothing else of it. */
export const forms: Readonly<Record<string, (secret: string) => string>> = {
  plain: secret => secret,
  'upper case': secret => secret.toUpperCase(),
  JSON: secret => each(secret, code => `\\u00${code}`),
  JavaScript: secret => each(secret, code => `\\x${code}`),
  'JavaScript, in braces': secret => each(secret, code => `\\u{${code}}`),
  'JSON in JSON': secret => each(secret, code => `\\\\u00${code}`),
  'a JSON list of bytes': secret => JSON.stringify(Buffer.from(secret)),
  URL: secret => each(secret, code => `%${code}`),
  'a URL in a URL': secret => each(secret, code => `%25${code}`),
  'HTML, hexadecimal': secret => each(secret, code => `&#x${code};`),
  'HTML, decimal': secret => Array.from(secret, character => `&#${character.charCodeAt(0)};`).join(''),
  'a URL in HTML': secret => each(secret, code => `&amp;#x${code};`),
  hex: secret => Buffer.from(secret).toString('hex'),
  base64,
  'base64, one byte on': secret => base64(`:${secret}`),
  'base64, two bytes on': secret => base64(`a:${secret}`),
  base64url: secret => Buffer.from(secret).toString('base64url'),
  'slashes escaped': secret => base64(secret).replaceAll('/', '\\/'),
  'broken over lines': secret => base64(secret).replace(/.{76}/g, '$&\r\n'),
  'line ends escaped': secret => base64(secret).replace(/.{76}/g, '$&\\r\\n'),
  'UTF-16': secret => Buffer.from(secret, 'utf16le').toString('latin1'),
  'cut off': secret => secret.slice(0, -1),
  'half of it': secret => secret.slice(0, secret.length / 2),
  divided: secret => `${secret.slice(0, half)}","rest":"${secret.slice(half)}`,
}

const gzip = (text: string) => gzipSync(Buffer.from(text, 'latin1'))
/** In one block, as it is (RFC 8878, 3.1.1): not every Node.js has this coding. */
const zstd = (text: string) => {
  const block = Buffer.alloc(3)
  block.writeUIntLE(8 * text.length + 1, 0, 3)
  return Buffer.concat([Buffer.from('28b52ffd0050', 'hex'), block, Buffer.from(text, 'latin1')])
}
const label = (...names: string[]) => names.map(name => `content-encoding: ${name}`)

interface Coding {
  readonly headers: readonly string[]
  readonly encode: (text: string) => Buffer
  /** Whether it can be undone as it is labelled; else it is not text. */
  readonly isReadable: boolean
}

const coding = (headers: string[], encode: (text: string) => Buffer, isReadable = true): Coding => ({
  headers,
  encode,
  isReadable,
})

/** How a body may be encoded, and labelled, whether that is right or not. */
export const codings: Readonly<Record<string, Coding>> = {
  none: coding([], text => Buffer.from(text, 'latin1')),
  gzip: coding(label('gzip'), gzip),
  'x-gzip, in capitals': coding(label('X-GZIP'), gzip),
  deflate: coding(label('deflate'), text => deflateSync(Buffer.from(text, 'latin1'))),
  'deflate, raw': coding(label('deflate'), text => deflateRawSync(Buffer.from(text, 'latin1'))),
  br: coding(label('br'), text => brotliCompressSync(Buffer.from(text, 'latin1'))),
  zstd: coding(label('zstd'), zstd, 'zstdDecompressSync' in zlib),
  'gzip twice': coding(label('gzip, gzip'), text => gzipSync(gzip(text))),
  'gzip in two headers': coding(label('gzip', 'gzip'), text => gzipSync(gzip(text))),
  'gzip and br': coding(label('gzip, br'), text => brotliCompressSync(gzip(text))),
  'gzip in members': coding(label('gzip'), text => Buffer.concat([gzip(text.slice(0, 300)), gzip(text.slice(300))])),
  'a label alone': coding(label('gzip'), text => Buffer.from(text, 'latin1')),
  'behind its end': coding(label('gzip'), text => Buffer.concat([gzip('{}'), Buffer.from(text, 'latin1')])),
  'an unknown label': coding(label('nonsense'), text => Buffer.from(text, 'latin1')),
  'no label': coding([], gzip, false),
  'another label': coding(label('br'), gzip, false),
  'an unknown one': coding(
    label('gzip, nonsense'),
    text => gzipSync(Buffer.from(gzip(text).map(byte => byte ^ 0x55))),
    false,
  ),
}

/** Finds a secret in what came out, in any of the {@link forms}. */
export function formsIn(output: string, secret: string): string[] {
  const text = output.toLowerCase()
  // escapes of escapes are shown as such
  const kept = [text, text.replaceAll('\\\\', '\\')]
  return Object.entries(forms)
    .map(([name, write]) => [name, write(secret).toLowerCase()] as const)
    .filter(([, form]) =>
      kept.some(each => [form, form.slice(0, 40), form.slice(-40)].some(piece => each.includes(piece))),
    )
    .map(([name]) => name)
}
