import type { Identity } from './identity.ts'

/** A source of certificates for a TLS listener. */
export interface Certificates {
  /**
   * Reads the default certificate. Resolves with the same object as before if it has not changed.
   * @throws {TlsError} if it cannot be read; then the previous one stays in use
   */
  read(): Promise<Identity>
  /** Returns the certificate for clients that ask for a host (SNI), or `undefined` if that is the default one. */
  forHost(host: string): Identity | undefined
  /** The path of the certificate that clients must trust. Null if they know its CA already. */
  readonly trust: string | null
}
