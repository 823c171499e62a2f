import { CheckedHandler } from '../undici/checked-handler.ts'
import type { DispatchController, DispatchHandler } from '../undici/handler.ts'
import type { Http1Connection } from './http1-connection.ts'

/** Gets back a connection whose request is over. */
export interface Lender {
  giveBack(connection: Http1Connection): void
}

/** Gives a connection back when its request is over. */
export class BorrowingHandler extends CheckedHandler {
  readonly #lender: Lender
  readonly #connection: Http1Connection
  #isOver = false

  constructor(handler: DispatchHandler, lender: Lender, connection: Http1Connection) {
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
