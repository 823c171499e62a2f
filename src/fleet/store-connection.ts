import type { Script } from './script.ts'

/** A connection to the store, which keeps what the members of a fleet share. */
export interface StoreConnection {
  /**
   * Runs a script in the store. Rejects at once while there is no connection: nothing is ever queued for later. It may
   * never settle if the store hangs, so the caller sets a deadline.
   */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /**
   * Calls `heard` for each message that a script publishes on a channel, also after the connection was lost and is back.
   * What is published meanwhile is lost.
   */
  listen(channel: string, heard: (message: string) => void): void
  /** Ends the connection and all attempts to restore it. */
  close(): Promise<void>
}

/** Opens a connection to the store. It is made, and restored, in the background. */
export type ConnectStore = (events: StoreConnectionEvents) => StoreConnection

/** Callbacks for what happens to a {@link StoreConnection}. */
export interface StoreConnectionEvents {
  /** Scripts can be run from now on: one was tried. */
  connected(): void
  /**
   * The connection could not be made within a few seconds, was lost, or cannot be restored for another reason than
   * before. `reason` is for people, and contains no secret.
   */
  lost(reason: string): void
}
