import type { Outcome } from './outcome.ts'

/** A request that needs a {@link Permit}. */
export interface PermitRequest {
  /** Identifies the client. Clients get permits in turn, however many requests each of them has. */
  readonly client: unknown
  /** Whether the request had a permit before and the upstream refused it. If so, it goes ahead of the others. */
  readonly returned: boolean
}

/** What grants permits, and is told what became of them. */
export interface PermitIssuer {
  /** Takes the response to the request with this permit. */
  answered(outcome: Outcome, permit: Permit): void
  /** Called if the request got no response. */
  lost(): void
  /** Called if the request was not sent. */
  unused(permit: Permit): void
}

/** A bucket that tokens are taken from. */
export interface TokenSource {
  /** Returns the tokens of so many requests that were not sent. `inFlight` others have no response yet. */
  giveBack(count: number, inFlight: number): void
}

/** Allows one request to be sent. Its holder reports once what happened; later reports are ignored. */
export class Permit {
  readonly #issuer: PermitIssuer
  readonly #level: number | undefined
  /** The bucket that its token is from. Undefined if no limit was known. */
  readonly bucket: TokenSource | undefined
  #isOver = false

  /** `level` is that of the bucket after the token was taken, if it is known. */
  constructor(issuer: PermitIssuer, level: number | undefined, bucket: TokenSource | undefined) {
    this.#issuer = issuer
    this.#level = level
    this.bucket = bucket
  }

  /** Returns the level of a bucket after the token was taken from it. Undefined if it is from another one. */
  levelIn(bucket: TokenSource): number | undefined {
    return bucket === this.bucket ? this.#level : undefined
  }

  /** Reports the response of the upstream. */
  answered(outcome: Outcome): void {
    if (this.#over()) this.#issuer.answered(outcome, this)
  }

  /** Reports that there was no response. The upstream may have counted the request nevertheless. */
  lost(): void {
    if (this.#over()) this.#issuer.lost()
  }

  /** Reports that the request was not sent. */
  unused(): void {
    if (this.#over()) this.#issuer.unused(this)
  }

  #over(): boolean {
    const isFirst = !this.#isOver
    this.#isOver = true
    return isFirst
  }
}
