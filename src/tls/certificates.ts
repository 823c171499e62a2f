import type { Identity } from './identity.ts'

/** Where a listener's certificates come from. */
export interface Certificates {
  /**
   * Looks whether there is another than before, and gives what clients are shown that ask for none by name: the same
   * object as before if not. @throws {TlsError} with which the old one stays good
   */
  read(): Promise<Identity>
  /** What clients are shown that ask for that host; undefined where it is the same as for all others. */
  forHost(host: string): Identity | undefined
  /** What clients are to trust: a file; null where they know the authority. */
  readonly trust: string | null
}
