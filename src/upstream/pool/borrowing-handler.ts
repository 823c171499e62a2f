import { CheckedHandler } from '../undici/checked-handler.ts'
import type { DispatchController, DispatchHandler } from '../undici/handler.ts'

/** Gets back a connection whose request is over. */
export interface Lender<Connection> {
  giveBack(connection: Connection): void
}

/** Gives a connection back when its request is over. */
export class BorrowingHandler<Connection> extends CheckedHandler {
  readonly #lender: Lender<Connection>
  readonly #connection: Connection
  #isOver = false

  constructor(handler: DispatchHandler, lender: Lender<Connection>, connection: Connection) {
    super(handler)
    this.#lender = lender
    this.#connection = connection
  }

  override onResponseEnd(controller: DispatchController): void {
    this.#giveBack()
    super.onResponseEnd(controller)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    this.#giveBack()
    super.onResponseError(controller, error)
  }

  /** Does so only once: if a handler throws in `onResponseEnd`, undici calls `onResponseError`, too. */
  #giveBack(): void {
    if (!this.#isOver) this.#lender.giveBack(this.#connection)
    this.#isOver = true
  }
}
