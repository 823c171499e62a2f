import { Secret } from '../../kernel/secret.ts'
import type { Credentials } from '../config.ts'
import { InvalidValue } from '../fault.ts'
import { readLastingFile } from '../sources/text-file.ts'

/**
 * The names that each member may have: as in our configuration, in files of the vendor's SDK, and in its older files.
 */
const ACCESS_KEY_ID = ['accessKeyId', 'identity', 'username', 'access_key_id']
const SECRET_KEY = ['secretKey', 'secret', 'password', 'secret_key']
const URLS = ['url', 'api', 'api_endpoint']

/** The content of a credentials file of the vendor's SDK. */
export interface CredentialDocument {
  readonly url: string | null
  readonly credentials: Credentials
}

/** Parses credentials in JSON. Throws an `InvalidValue` that quotes nothing of the text. */
export function parseCredentials(text: string): CredentialDocument {
  const members = parseMembers(text)
  const member = (names: readonly string[]) => names.map(name => members.get(name)).find(isFilled)
  const required = (what: string, names: readonly string[]): Secret => {
    const value = member(names)
    if (value === undefined) throw new InvalidValue(`has no ${what}`, `add it as ${names.join(', ')}`)
    return new Secret(value.trim())
  }
  const accessKeyId = required('access key ID', ACCESS_KEY_ID)
  return { url: member(URLS) ?? null, credentials: { accessKeyId, secretKey: required('secret key', SECRET_KEY) } }
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function parseMembers(text: string): ReadonlyMap<string, unknown> {
  const cure = 'expected {"url": …, "identity": …, "secret": …}'
  if (text.trim() === '') throw new InvalidValue('is empty', cure)
  try {
    const json: unknown = JSON.parse(text)
    return new Map(Object.entries(Object(json)))
  } catch {
    // the parser's own message would quote some of the text
    throw new InvalidValue('is not JSON', cure)
  }
}

/** Reads a file with credentials in JSON. Throws an `InvalidValue`. */
export async function readCredentialsFile(path: string, signal?: AbortSignal): Promise<CredentialDocument> {
  return parseCredentials(await readLastingFile(path, signal))
}

/** Reads a file that contains one secret, and removes the white space around it. Throws an `InvalidValue`. */
export async function readSecretFile(path: string, signal?: AbortSignal): Promise<Secret> {
  return new Secret(await readSecretText(path, signal))
}

/** Reads a secret as {@link readSecretFile} does, but returns it in the clear, so that its form can be checked. */
export async function readSecretText(path: string, signal?: AbortSignal): Promise<string> {
  const text = (await readLastingFile(path, signal)).trim()
  if (text === '') throw new InvalidValue('is empty', 'write the secret to it')
  return text
}
