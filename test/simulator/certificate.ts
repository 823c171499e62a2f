import { generateKeyPairSync, sign } from 'node:crypto'

/** A certificate and its key, in PEM. */
interface Certified {
  readonly cert: string
  readonly key: string
}

// RFC 5280 and RFC 5480, in DER.
const SEQUENCE = 0x30
const ECDSA_WITH_SHA256 = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'))
const VERSION_3 = Buffer.from('a003020102', 'hex')
const SERIAL = Buffer.from('020101', 'hex')
const NO_NAME = der(SEQUENCE)
const VALIDITY = der(SEQUENCE, der(0x17, Buffer.from('200101000000Z')), der(0x18, Buffer.from('20991231235959Z')))
const SUBJECT_ALT_NAME = Buffer.from('0603551d110101ff', 'hex')

/** A self-signed certificate for 127.0.0.1, with a new key, valid throughout this century. */
export function selfSigned(): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const address = der(0x04, der(SEQUENCE, der(0x87, Buffer.from([127, 0, 0, 1]))))
  const extensions = der(0xa3, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, address)))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const parts = [VERSION_3, SERIAL, ECDSA_WITH_SHA256, NO_NAME, VALIDITY, NO_NAME, spki, extensions]
  const body = der(SEQUENCE, ...parts)
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const base64 = der(SEQUENCE, body, ECDSA_WITH_SHA256, signature).toString('base64')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag, ...derLength(value.length)]), value])
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}
