import { type ApiResponse, apiError, apiResponse, invalidParameter, json } from '../responses.ts'
import { ALERTS } from './data.ts'
import type { Route, RoutedCall } from './route.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 10_000
const auth = 'x-redlock-auth'

/** Alerts: in pages, one by one, and as a CSV file. */
export const alertRoutes: readonly Route[] = [
  {
    method: 'GET',
    template: '/v2/alert',
    auth,
    handle: ({ query }) => page(query.get('limit'), query.get('pageToken')),
  },
  {
    method: 'POST',
    template: '/v2/alert',
    auth,
    required: [],
    handle: searchAlerts,
  },
  { method: 'GET', template: '/alert/{id}', auth, handle: oneAlert },
  { method: 'GET', template: '/alert/csv/{id}/download', auth, handle: csv },
]

/** A page token stands for the first request's other fields too: the Python SDK sends it alone for every later page. */
function searchAlerts({ fields }: RoutedCall): ApiResponse {
  if (!fields.pageToken && isMissing(fields.timeRange)) return invalidParameter('timeRange')
  return page(fields.limit, fields.pageToken)
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null
}

/** Where a page begins, and how many alerts it holds. */
interface Page {
  readonly start: number
  readonly limit: number
}

function page(limitGiven: unknown, pageToken: unknown): ApiResponse {
  const asked = pageToken ? pageOf(pageToken) : { start: 0, limit: DEFAULT_LIMIT }
  if (!asked) return invalidParameter('pageToken')
  const limit = Number(limitGiven ?? asked.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return invalidParameter('limit')
  const end = asked.start + limit
  const next = end < ALERTS.length ? { nextPageToken: tokenOf({ start: end, limit }) } : {}
  return json({ totalRows: ALERTS.length, items: ALERTS.slice(asked.start, end), ...next })
}

function tokenOf({ start, limit }: Page): string {
  return Buffer.from(`from:${start},limit:${limit}`).toString('base64url')
}

/** The page of a token that was given out; `undefined` for any other. */
function pageOf(token: unknown): Page | undefined {
  const text = Buffer.from(`${token}`, 'base64url').toString()
  const [, start, limit] = /^from:(\d+),limit:(\d+)$/.exec(text) ?? []
  return start === undefined ? undefined : { start: Number(start), limit: Number(limit) }
}

function oneAlert({ variables: [id] }: RoutedCall): ApiResponse {
  const found = ALERTS.find(alert => alert.id === id)
  return found ? json(found) : apiError(404, 'not_found', 'alert')
}

function csv({ variables: [id] }: RoutedCall): ApiResponse {
  const lines = ALERTS.map(alert => `${alert.id},${alert.status},"${alert.policy?.name}"`)
  const headers = {
    'content-type': 'text/csv;charset=UTF-8',
    'content-disposition': `attachment; filename="alerts-${id}.csv"`,
  }
  return apiResponse(200, headers, ['"Alert ID","Status","Policy Name"', ...lines, ''].join('\r\n'))
}
