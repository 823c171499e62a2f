import { basename } from 'node:path'
import type { Secret } from '../kernel/secret.ts'
import type { CredentialSource, Credentials } from './config.ts'
import { readCredentialsFile, readSecretFile } from './credential-text.ts'
import { CredentialsError } from './fault.ts'

export { CredentialsError } from './fault.ts'

/** One half of an access key: itself, or the file that holds it. */
export type Half = { readonly secret: Secret } | { readonly file: string }

/** An access key whose halves are given one by one. */
export function halvesSource(origin: string, accessKeyId: Half, secretKey: Half): CredentialSource {
  return {
    origin,
    read: async () => ({ accessKeyId: await readHalf(accessKeyId), secretKey: await readHalf(secretKey) }),
  }
}

async function readHalf(half: Half): Promise<Secret> {
  return 'secret' in half ? half.secret : orRefuse(half.file, readSecretFile(half.file))
}

/** An access key in a JSON file of the vendor's SDK. */
export function fileSource(path: string): CredentialSource {
  return { origin: `file ${path}`, read: async () => (await orRefuse(path, readCredentialsFile(path))).credentials }
}

function orRefuse<T>(path: string, reading: Promise<T>): Promise<T> {
  return reading.catch((error: Error) => {
    throw new CredentialsError(`the file ${path} ${error.message}`)
  })
}

/** An access key that a command prints, which is run anew each time. */
export function commandSource(argv: readonly string[]): CredentialSource {
  return {
    origin: `command ${basename(`${argv[0]}`)}`,
    async read(): Promise<Credentials> {
      // Loaded when it is run: most configurations have no command.
      const { runCommand } = await import('./command.ts')
      return runCommand(argv)
    },
  }
}
