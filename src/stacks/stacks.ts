/** A Prisma Cloud stack: where its people log in, and where its API is. */
export interface Stack {
  readonly name: string
  /** The admin console's origin, without a trailing slash. */
  readonly console: string
  /** The API's origin, without a trailing slash. */
  readonly api: string
}
