import { readFile } from 'node:fs/promises'
import type { Certificates } from './certificates.ts'
import { type Identity, readIdentity, TlsError } from './identity.ts'

/** A certificate and its key from two files of the user, with the same certificate for all hosts. */
export class FileCertificates implements Certificates {
  readonly trust = null
  readonly #paths: readonly [cert: string, key: string]
  #texts: readonly string[] = []
  #identity: Identity | undefined

  constructor(certFile: string, keyFile: string) {
    this.#paths = [certFile, keyFile]
  }

  async read(): Promise<Identity> {
    const texts = await Promise.all(this.#paths.map(readText))
    const [cert = '', key = ''] = texts
    if (this.#identity === undefined || texts.some((text, index) => text !== this.#texts[index])) {
      this.#identity = readIdentity(cert, key)
      this.#texts = texts
    }
    return this.#identity
  }

  forHost(): undefined {
    return undefined
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new TlsError(`cannot read ${path} (${code})`)
  })
}
