import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { authorizeAdmin, isAdmin } from '../guard/rights.ts'
import { CONDITION_NAMES, isStatus, matching, type RecordFilter } from '../inspect/filter.ts'
import { harOf } from '../inspect/har.ts'
import type { Levels } from '../inspect/levels.ts'
import type { RequestDetails, RequestRecord } from '../inspect/record.ts'
import type { Recorder } from '../inspect/recorder.ts'
import type { Traffic } from '../inspect/traffic.ts'
import { nearest } from '../kernel/nearest.ts'
import { Problem } from '../problem/problem.ts'
import { exchangeOf } from '../server/observe.ts'
import { EventStream } from './event-stream.ts'
import { originOf, requireOwnAddress } from './pages.ts'
import type { StatusSources } from './status.ts'
import { StatusNews } from './status-news.ts'

/** How many requests a response lists, unless the query says otherwise. */
const LIMIT = 100

/** The parameters of a query: the conditions, how many requests to list, and below which number. */
const PARAMETERS = [...CONDITION_NAMES, 'limit', 'before']

/** How many may follow the requests at one time. */
const MOST_READERS = 20

const WHOLE = /^\d{1,15}$/

/** Options of {@link inspection}. */
export interface InspectionOptions extends StatusSources {
  /** Null if nothing is recorded; then there is no traffic and there are no levels, either. */
  readonly recorder: Recorder | null
  readonly traffic: Traffic | null
  readonly levels: Levels | null
  /** The current configuration, which says what each client may see. Without clients, everyone sees everything. */
  readonly config: () => Pick<Config, 'clients'>
}

interface Query {
  readonly filter: RecordFilter
  readonly limit: number
  /** Only requests with lower numbers are listed. */
  readonly before: number
}

/**
 * Serves the latest requests under `/_proxy/requests`: a list, the newest first; one of them by its request id, with
 * its bodies; and a list as HAR. `/_proxy/events` streams them as they happen. Clients see their own, admins all. To
 * admins, the events also tell of the proxy itself, and `/_proxy/traffic` shows the charts of the last hour. Not served
 * through CONNECT or in absolute form: an API host that a page or tool talks to must not lead here.
 */
export async function inspection(app: FastifyInstance, options: InspectionOptions): Promise<void> {
  const { version, clock, recorder, traffic, levels, config } = options
  if (!recorder || !traffic || !levels) return

  const listed = (request: FastifyRequest) => {
    const isVisible = visibleTo(request, config())
    const { filter, limit, before } = readQuery(request.query)
    const isWanted = matching(filter)
    const found: RequestRecord[] = []
    for (const record of recorder.latest()) {
      if (record.number >= before || !isVisible(record) || !isWanted(record)) continue
      if (found.length === limit) return { found, next: Number(found.at(-1)?.number) }
      found.push(record)
    }
    return { found, next: null }
  }

  app.get('/_proxy/requests', async request => {
    const { found, next } = listed(request)
    return { requests: found.map(withoutChange), next }
  })

  app.get('/_proxy/requests.har', async (request, reply) => {
    reply.header('content-disposition', 'attachment; filename="prismacloud-proxy.har"')
    const all: RequestDetails[] = []
    for (const record of listed(request).found) all.push(await recorder.details(record))
    return harOf(all, originOf(request), version)
  })

  app.get('/_proxy/traffic', async request => {
    authorizeAdmin(config(), readerOf(request))
    return { slots: traffic.slots(), levels: levels.history }
  })

  const open = new Set<EventStream>()
  app.get('/_proxy/events', async (request, reply) => {
    const isVisible = visibleTo(request, config())
    if (open.size >= MOST_READERS)
      throw new Problem('overloaded', `No more than ${MOST_READERS} may follow the requests at one time; close a page`)
    const { client, over } = exchangeOf(request)
    const lastEventId = request.headers['last-event-id']?.toString()
    const news = isAdmin(config(), client) ? new StatusNews({ ...options, traffic, levels }) : null
    const stream = new EventStream({ recorder, clock, isVisible, lastEventId, news })
    open.add(stream)
    stream.on('close', () => open.delete(stream))
    over.addEventListener('abort', () => stream.destroy())
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })
  // nobody waits for readers when the proxy shuts down
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end()
  })

  app.get<{ Params: { id: string } }>('/_proxy/requests/:id', async request => {
    const isVisible = visibleTo(request, config())
    for (const record of recorder.latest()) {
      if (record.id !== request.params.id || !isVisible(record)) continue
      const { change, ...details } = await recorder.details(record)
      return details
    }
    throw new Problem('invalid-request', 'No request with this id is kept; see /_proxy/requests', {
      status: 404,
      title: 'Not Found',
    })
  })
}

/** Tells which requests may be shown to whoever asks. */
function visibleTo(request: FastifyRequest, config: Pick<Config, 'clients'>): (record: RequestRecord) => boolean {
  const client = readerOf(request)
  return isAdmin(config, client) ? () => true : record => record.client === client
}

/**
 * The client that asks what is recorded.
 * @throws {Problem} `invalid-request` unless it asks at the address of the proxy itself
 */
function readerOf(request: FastifyRequest): string | null {
  requireOwnAddress(request)
  return exchangeOf(request).client
}

/**
 * Reads the query of a list.
 * @throws {Problem} `invalid-request` that names the parameter and the cure
 */
function readQuery(query: unknown): Query {
  const given = Object.entries(Object(query)).map(([name, value]) => [name, read(name, value)] as const)
  const { limit = LIMIT, before = Number.POSITIVE_INFINITY, ...filter } = Object.fromEntries(given)
  return { filter, limit: Number(limit), before: Number(before) }
}

function read(name: string, value: unknown): string {
  if (!PARAMETERS.includes(name)) {
    const meant = nearest(name, PARAMETERS)
    const cure = meant ? `did you mean ${meant}?` : `use ${PARAMETERS.join(', ')}`
    throw new Problem('invalid-request', `Unknown parameter "${name}" in the query; ${cure}`)
  }
  if (typeof value !== 'string') throw new Problem('invalid-request', `Parameter ${name} may occur only once`)
  if (name === 'status' && !isStatus(value))
    throw new Problem('invalid-request', 'Parameter status must be like 404, 4xx, aborted or running')
  if ((name === 'limit' || name === 'before') && !WHOLE.test(value))
    throw new Problem('invalid-request', `Parameter ${name} must be a whole number`)
  return value
}

function withoutChange({ change, ...summary }: RequestRecord) {
  return summary
}
