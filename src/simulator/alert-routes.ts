import { type Answer, answer, invalidParameter, json, refusal } from './answers.ts'
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
    required: ['timeRange'],
    handle: ({ fields }) => page(fields.limit, fields.pageToken),
  },
  { method: 'GET', template: '/alert/{id}', auth, handle: oneAlert },
  { method: 'GET', template: '/alert/csv/{id}/download', auth, handle: csv },
]

function page(limitGiven: unknown, pageToken: unknown): Answer {
  const limit = Number(limitGiven ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return invalidParameter('limit')
  const start = pageStart(pageToken ?? '')
  if (start < 0) return invalidParameter('pageToken')
  const end = start + limit
  const next = end < ALERTS.length ? { nextPageToken: tokenOf(end) } : {}
  return json({ totalRows: ALERTS.length, items: ALERTS.slice(start, end), ...next })
}

function tokenOf(start: number): string {
  return Buffer.from(`from:${start}`).toString('base64url')
}

function pageStart(pageToken: unknown): number {
  return pageToken === '' ? 0 : ALERTS.findIndex((_, index) => tokenOf(index) === pageToken)
}

function oneAlert({ variables: [id] }: RoutedCall): Answer {
  const found = ALERTS.find(alert => alert.id === id)
  return found ? json(found) : refusal(404, 'not_found', 'alert')
}

function csv({ variables: [id] }: RoutedCall): Answer {
  const lines = ALERTS.map(alert => `${alert.id},${alert.status},"${alert.policy?.name}"`)
  const headers = {
    'content-type': 'text/csv;charset=UTF-8',
    'content-disposition': `attachment; filename="alerts-${id}.csv"`,
  }
  return answer(200, headers, ['"Alert ID","Status","Policy Name"', ...lines, ''].join('\r\n'))
}
