// Alerts: list and search in pages, one by id, and a CSV download.

import { type ApiResponse, apiError, apiResponse, invalidParameter, json } from '../responses.ts'
import { ALERTS } from './data.ts'
import type { Route, RoutedCall } from './route.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 10_000
const auth = 'x-redlock-auth'

/** The routes for alerts: pages by GET and POST, one alert by id, and a CSV download. */
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

/**
 * Returns a page of alerts. A page token implies the other fields of the first request, because the Python SDK sends it
 * alone for later pages.
 */
function searchAlerts({ fields }: RoutedCall): ApiResponse {
  if (!fields.pageToken && isMissing(fields.timeRange)) return invalidParameter('timeRange')
  return page(fields.limit, fields.pageToken)
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null
}

/** The index of a page's first alert, and its size. */
interface Page {
  readonly start: number
  readonly limit: number
}

function page(limitSent: unknown, pageToken: unknown): ApiResponse {
  const requested = pageToken ? pageOf(pageToken) : { start: 0, limit: DEFAULT_LIMIT }
  if (!requested) return invalidParameter('pageToken')
  const limit = Number(limitSent ?? requested.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return invalidParameter('limit')
  const end = requested.start + limit
  const next = end < ALERTS.length ? { nextPageToken: tokenOf({ start: end, limit }) } : {}
  return json({ totalRows: ALERTS.length, items: ALERTS.slice(requested.start, end), ...next })
}

function tokenOf({ start, limit }: Page): string {
  return Buffer.from(`from:${start},limit:${limit}`).toString('base64url')
}

/** The page that a page token stands for; undefined for a token that the simulator did not issue. */
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
