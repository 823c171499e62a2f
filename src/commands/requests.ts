import { serverSentEvents } from '../http/server-sent-events.ts'
import { CONDITION_NAMES, type Condition, isStatus, matching, type RecordFilter } from '../inspect/filter.ts'
import type { RequestRecord } from '../inspect/record.ts'
import { type Flag, readArguments, UsageError } from '../kernel/arguments.ts'
import { timeOfDay } from '../kernel/log.ts'
import { requestLine } from '../telemetry/request-line.ts'
import type { Command } from './command.ts'
import { ExitCode, fail, type Host } from './host.ts'
import { openClient, PROXY_FLAGS } from './running/open-client.ts'
import type { ProxyClient } from './running/proxy-client.ts'
import { painter } from './terminal/colour.ts'
import { untilSignal } from './terminal/signal.ts'

/** How many requests are shown, unless they are followed. */
const SHOWN = 50

/** What each condition is about, and what stands for its value. */
const CONDITIONS: Readonly<Record<Condition, readonly [placeholder: string, text: string]>> = {
  id: ['ID', 'Only the request with this x-request-id.'],
  tenant: ['NAME', 'Only requests for this tenant.'],
  client: ['NAME', 'Only requests of this client.'],
  method: ['METHOD', 'Only requests with this method.'],
  status: ['STATUS', 'Only requests with this status, such as 404, 4xx, aborted or running.'],
  operation: ['PATH', 'Only requests for this operation, by its path template.'],
  problem: ['TYPE', 'Only requests that failed with this type of problem.'],
  text: ['TEXT', 'Only requests that contain this text in target, names, ids or problem.'],
}

const FLAGS: readonly Flag[] = [
  { name: '--follow', kind: 'switch', text: 'Go on with each request that ends, until SIGINT.' },
  { name: '--json', kind: 'switch', text: 'Print each request as a line of JSON, as /_proxy/requests has it.' },
  ...PROXY_FLAGS,
  ...CONDITION_NAMES.map((name): Flag => {
    const [placeholder, text] = CONDITIONS[name]
    const flag = { name: `--${name}`, kind: 'value', placeholder, text } as const
    return name === 'tenant' ? { ...flag, completes: 'tenants' } : flag
  }),
]

/** The `requests` command: shows the latest requests of a running proxy. */
export const requests: Command = {
  summary: 'Show the latest requests of a running proxy',
  usage: ['requests [OPTIONS]'],
  paragraphs: [
    'Shows the latest requests of a running proxy, the oldest first. Where the proxy has clients, a client sees its own requests, and an admin those of all.',
  ],
  flags: FLAGS,
  examples: [
    { purpose: 'Show what the API or the proxy failed to do', line: 'prismacloud-proxy requests --status 5xx' },
    { purpose: 'Follow the requests for one tenant', line: 'prismacloud-proxy requests --follow --tenant eu' },
  ],
  async run(host) {
    const given = new Map(readArguments(host.args, FLAGS))
    const client = await openClient(given)
    const show = shower(host, given.has('--json'))
    const filter = filterOf(given)
    const shown = given.has('--follow') ? follow(client, filter, show, host) : list(client, filter, show)
    return shown
      .then(
        () => ExitCode.good,
        (error: Error) => fail(host, error),
      )
      .finally(() => client.close())
  },
}

type Show = (record: RequestRecord) => void

async function list(client: ProxyClient, filter: RecordFilter, show: Show): Promise<void> {
  const query = new URLSearchParams({ ...filter, limit: `${SHOWN}` })
  const { requests } = (await client.read(`/_proxy/requests?${query}`)) as { readonly requests: RequestRecord[] }
  for (const record of requests.reverse()) show(record)
}

/** Shows the requests that are kept and have ended, then each that ends, until a signal arrives. */
async function follow(client: ProxyClient, filter: RecordFilter, show: Show, host: Host): Promise<void> {
  const isWanted = matching(filter)
  const stream = await client.open('/_proxy/events')
  const read = async () => {
    for await (const { type, data } of serverSentEvents(stream)) {
      if (type !== 'request') continue
      const record = JSON.parse(data) as RequestRecord
      if (record.status !== null && isWanted(record)) show(record)
    }
    return new Error('the proxy has ended')
  }
  const broken = ({ message }: Error) => new Error(`the connection to the proxy broke: ${message}`)
  const end = await Promise.race([untilSignal(host), read().catch(broken)])
  if (end instanceof Error) throw end
}

function shower(host: Host, asJson: boolean): Show {
  const paint = painter(host.stdout, host.env)
  return record => {
    const { id, startedAt, times, problem } = record
    const { total, queue } = times
    const facts = { ...record, requestId: id, ms: total ?? 0, queue, failure: problem?.detail ?? null }
    const line = asJson ? JSON.stringify(record) : `${timeOfDay(startedAt)} ${requestLine(facts, paint)}`
    host.stdout.write(`${line}\n`)
  }
}

function filterOf(given: ReadonlyMap<string, string>): RecordFilter {
  const conditions = CONDITION_NAMES.flatMap((name): [Condition, string][] => {
    const value = given.get(`--${name}`)
    return value === undefined ? [] : [[name, value]]
  })
  const status = given.get('--status')
  if (status !== undefined && !isStatus(status))
    throw new UsageError(`invalid value for --status; expected something like 404, 4xx, aborted or running`)
  return Object.fromEntries(conditions)
}
