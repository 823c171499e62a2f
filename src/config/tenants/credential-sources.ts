import { basename } from 'node:path'
import type { Secret } from '../../kernel/secret.ts'
import type { CredentialSource, Credentials } from '../config.ts'
import { CredentialsError, InvalidValue } from '../fault.ts'
import { readCredentialsFile, readSecretFile } from './credential-files.ts'

/** One half of an access key, or the file that contains it. */
export type Half = { readonly secret: Secret } | { readonly file: string }

/** The source of an access key whose halves are given one by one. */
export function halvesSource(origin: string, accessKeyId: Half, secretKey: Half): CredentialSource {
  const halves = [accessKeyId, secretKey]
  return {
    origin,
    kind: halves.some(half => 'file' in half) ? 'file' : 'fixed',
    read: async signal => ({
      accessKeyId: await readHalf(accessKeyId, signal),
      secretKey: await readHalf(secretKey, signal),
    }),
  }
}

async function readHalf(half: Half, signal?: AbortSignal): Promise<Secret> {
  return 'secret' in half ? half.secret : asCredentialsError(half.file, readSecretFile(half.file, signal))
}

/** The source of an access key in a JSON file of the vendor's SDK. */
export function fileSource(path: string): CredentialSource {
  return {
    origin: `file ${path}`,
    kind: 'file',
    read: async signal => (await asCredentialsError(path, readCredentialsFile(path, signal))).credentials,
  }
}

function asCredentialsError<T>(path: string, reading: Promise<T>): Promise<T> {
  return reading.catch((error: Error) => {
    throw error instanceof InvalidValue ? new CredentialsError(`file ${path} ${error.message}`) : error
  })
}

/** The source of an access key that a command prints. With `cache`, one key is used for many logins. */
export function commandSource(argv: readonly string[], cache: boolean): CredentialSource {
  return {
    origin: `command ${basename(`${argv[0]}`)}`,
    kind: cache ? 'command' : 'changing',
    async read(signal): Promise<Credentials> {
      // loaded only when needed, because most configurations have no command
      const { runCommand } = await import('./command.ts')
      return runCommand(argv, signal)
    },
  }
}
