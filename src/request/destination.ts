import type { BaseUrl } from '../stacks/base.ts'
import { isConsoleHost } from '../stacks/compute.ts'
import { rooted } from './target.ts'

/** The API of a tenant that a request is for, and how the client addressed it. */
export interface Destination {
  /** True for the API of the tenant's Compute console, false for the Prisma Cloud API. */
  readonly compute: boolean
  /** The request target at that API: path and query, relative to the API's base path. */
  readonly apiTarget: string
  /** The prefix that the client sent: `/_tenant/<tenant>`, `/_compute`, both, a base path, or ''. */
  readonly prefix: string
  /** The Compute console, if the client addressed it by its own host. */
  readonly computeConsole: BaseUrl | undefined
}

/** A destination as read from the host and target of a request, before the tenant is chosen. */
export interface NamedDestination extends Destination {
  /** The tenant names in the host and in the path. */
  readonly names: readonly string[]
}

const HOST = /^(.+)\.localhost\.?(:\d+)?$/i
const COMPUTE_LABEL = /^(?:(.+)--)?compute$/
const CONSOLE_PATH = /^((?:\/[^/?]+)*?)(\/api\/.*)$/s
const PREFIX = /^(?:\/_tenant\/([^/?]*)(\/_compute(?=[/?]|$))?|(\/_compute)(?=[/?]|$))/

/** Reads the destination from the host (with port, if any) and the raw target of a request. */
export function readDestination(host: string, rawTarget: string): NamedDestination {
  if (isConsoleHost(host)) return readConsole(host, rawTarget)
  const label = HOST.exec(host)?.[1]?.toLowerCase()
  const [isConsole, tenant] = (label && COMPUTE_LABEL.exec(label)) || [undefined, label]
  const [prefix = '', named, behindTenant, alone] = PREFIX.exec(rawTarget) ?? []
  return {
    compute: (isConsole ?? behindTenant ?? alone) !== undefined,
    apiTarget: prefix === '' ? rawTarget : rooted(rawTarget.slice(prefix.length)),
    prefix,
    computeConsole: undefined,
    names: [tenant, named].filter(name => name !== undefined),
  }
}

/** Reads the destination of a request to a Compute console, whose API is below the console's base path. */
function readConsole(host: string, rawTarget: string): NamedDestination {
  const [, basePath = '', apiTarget = rawTarget] = CONSOLE_PATH.exec(rawTarget) ?? []
  return {
    compute: true,
    apiTarget,
    prefix: basePath,
    computeConsole: { origin: `https://${host}`, basePath },
    names: [],
  }
}
