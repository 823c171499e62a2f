/** What the page at `/_proxy/` is told when it is loaded. */
export interface PageSession {
  /** The version of the proxy. */
  readonly version: string
  /** The page token, which the page sends with all its requests. */
  readonly token: string
  /** The client whose token was used to log in; null if nobody has logged in. */
  readonly client: string | null
  /** Whether somebody must log in before anything is shown. */
  readonly needsLogin: boolean
  /** Whether everything is shown, not only the client's own requests. */
  readonly isAdmin: boolean
  /** Whether the page can only look: nothing is forwarded at this address, and nothing changed. */
  readonly isReadOnly: boolean
}
