import type { RequestRecord } from './record.ts'

/** Which records to show: a value for each condition; all of them must hold. */
export type RecordFilter = Readonly<Partial<Record<Condition, string>>>

/** A condition of a {@link RecordFilter}. */
export type Condition = keyof typeof CONDITIONS

/** Whether a record meets a condition with a value. */
const CONDITIONS = {
  id: ({ id }: RequestRecord, value: string) => id === value,
  tenant: ({ tenant }: RequestRecord, value: string) => tenant === value,
  client: ({ client }: RequestRecord, value: string) => client === value,
  method: ({ method }: RequestRecord, value: string) => method === value.toUpperCase(),
  status: ({ status }: RequestRecord, value: string) => isOfStatus(status, value),
  operation: ({ operation }: RequestRecord, value: string) => operation === value,
  problem: ({ problem }: RequestRecord, value: string) => problem?.type === value,
  text: (record: RequestRecord, value: string) => hasWords(textOf(record), value),
} as const

/** A status, or a class of them: `404`, `4xx`; `aborted` and `running`. */
const STATUS = /^([1-5]\d\d|[1-5]xx|aborted|running)$/

/** The names of all conditions. */
export const CONDITION_NAMES = Object.keys(CONDITIONS) as readonly Condition[]

/** Whether a text is a value for the condition `status`. */
export function isStatus(value: string): boolean {
  return STATUS.test(value)
}

/** Makes a function that tells whether a record is to be shown. */
export function matching(filter: RecordFilter): (record: RequestRecord) => boolean {
  const given = CONDITION_NAMES.flatMap(name => {
    const value = filter[name]
    return value === undefined ? [] : [(record: RequestRecord) => CONDITIONS[name](record, value)]
  })
  return record => given.every(holds => holds(record))
}

function isOfStatus(status: number | null, value: string): boolean {
  if (value === 'running') return status === null
  if (value === 'aborted') return status === 0
  return value.endsWith('xx') ? `${status}`.charAt(0) === value.charAt(0) && status !== null : `${status}` === value
}

/** All that a person may search a record for, in lower case. */
function textOf(record: RequestRecord): string {
  const { id, method, status, target, operation, tenant, client, problem, upstreamRequestId } = record
  const { type, detail } = problem ?? {}
  const all = [id, method, status, target, operation, tenant, client, type, detail, upstreamRequestId]
  return all.join('\n').toLowerCase()
}

/** Whether a text in lower case contains all words of another, in any order. */
function hasWords(text: string, words: string): boolean {
  return words
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}
