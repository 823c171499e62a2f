import { ask } from '../../src/upstream/ask.ts'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { testClock } from '../support/clock.ts'

interface GetOptions {
  readonly headers?: string[]
  readonly signal?: AbortSignal
}

/** Sends a GET request, and resolves with the body of the response. */
export async function get(
  dispatcher: Dispatcher,
  origin: string,
  { headers = [], signal }: GetOptions = {},
): Promise<string> {
  const request = { origin, path: '/', method: 'GET', headers } as const
  const { body } = await ask(dispatcher, request, { clock: testClock(), timeout: 15_000, signal })
  return body.toString()
}
