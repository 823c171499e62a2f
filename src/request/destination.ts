import type { BaseUrl } from '../stacks/base.ts'
import { isConsoleHost } from '../stacks/compute.ts'
import { rooted } from './target.ts'

/** Which of a tenant's APIs a request is for, and how the client reaches it through this proxy. */
export interface Destination {
  /** Whether it is the API of the tenant's Compute console, rather than that of Prisma Cloud. */
  readonly compute: boolean
  /** The request target at that API: path and query, behind the API's base path. */
  readonly apiTarget: string
  /** What the client put before it: `/_tenant/<tenant>`, `/_compute`, both, the API's or console's own path, or nothing. */
  readonly prefix: string
  /** The Compute console, if the client named it by its own address. */
  readonly computeConsole: BaseUrl | undefined
}

/** A destination as the host and the target of a request tell it, before the tenant is chosen. */
export interface NamedDestination extends Destination {
  /** Names of the tenant, from the host and from the path. */
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

/** A Compute console's API is below the console's own path. */
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
