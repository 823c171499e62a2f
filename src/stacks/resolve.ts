import { nearest } from '../kernel/nearest.ts'
import { type BaseUrl, basePathOf, EXAMPLES, parseBase } from './base.ts'
import { StackError } from './error.ts'
import { isLoopback } from './loopback.ts'
import { stackOf, stacks } from './stacks.ts'

/** The API that the requests of a tenant go to. */
export interface Api extends BaseUrl {
  /** The stack's name. Null for a custom base URL. */
  readonly stack: string | null
  /** The origin of the admin console. Null for a custom base URL. */
  readonly console: string | null
  /** What the user typed: a stack's name, the address of a console or of an API, or a custom base URL. */
  readonly from: 'stack' | 'console' | 'api' | 'custom'
  /** The base URL of the Compute console, if it is configured. Otherwise the API names it (`GET /meta_info`). */
  readonly compute?: BaseUrl
}

const VENDOR_HOST = /^(app|api)\d*(\.[a-z0-9-]+)?\.prismacloud\.(io|cn)$/
const STACK_NAME = /^app\d*(\.[a-z]{2,4})?(\.cn)?$/

/**
 * Resolves what a user typed to an API: a stack's name (`app2.eu`), the address of a console or API with or without
 * scheme and path, or a custom https base URL; http for loopback only.
 * @throws {StackError} for anything else
 */
export function resolveApi(text: string): Api {
  const { url, host, hasScheme } = parseBase(text)
  refuseCompute(host)
  return stackApi(url, host, hasScheme) ?? customApi(url, host, hasScheme)
}

/** Whether an API is a custom base URL or belongs to a stack that the vendor has published. */
export function isPublished({ stack }: Api): boolean {
  return stack === null || stacks.some(({ name }) => name === stack)
}

function refuseCompute(host: string): void {
  if (/(^|\.)twistlock\.com$/.test(host))
    throw new StackError(
      'is a Compute console, where access keys cannot log in',
      'use the stack name or URL of the Prisma Cloud console, e.g. app2; its API names the Compute console',
    )
}

/**
 * Returns the API of a host that matches the vendor's naming pattern, which new stacks follow. Ignores the path, which
 * is that of a page.
 */
function stackApi(url: URL, host: string, hasScheme: boolean): Api | undefined {
  const stack = stackName(host, hasScheme)
  if (stack === undefined) return undefined
  if (url.port !== '') throw new StackError('has a port that Prisma Cloud does not use', 'remove the port')
  const { console, api } = stackOf(stack)
  const from = host.startsWith('api') ? 'api' : VENDOR_HOST.test(host) ? 'console' : 'stack'
  return { stack, console, origin: api, basePath: '', from }
}

function stackName(host: string, hasScheme: boolean): string | undefined {
  const name = host.replace(/^api/, 'app').replace(/\.prismacloud(?:\.io|(\.cn))$/, '$1')
  if (VENDOR_HOST.test(host) || stacks.some(stack => stack.name === name)) return name
  // with a scheme, an unknown name is a custom host, such as https://app.corp
  return !hasScheme && STACK_NAME.test(name) ? name : undefined
}

function customApi(url: URL, host: string, hasScheme: boolean): Api {
  refuseTypo(host, hasScheme)
  return { stack: null, console: null, origin: url.origin, basePath: basePathOf(url), from: 'custom' }
}

/** Refuses likely typos, so that access keys are not sent to a stranger's host. */
function refuseTypo(host: string, hasScheme: boolean): void {
  const known = stacks.flatMap(stack => [new URL(stack.console).host, new URL(stack.api).host])
  const meant = nearest(host, hasScheme ? known : [...known, ...stacks.map(stack => stack.name)])
  const otherwise = hasScheme ? '' : ' (for a host of your own, add https://)'
  if (meant !== undefined) throw new StackError('is not a known stack', `did you mean ${meant}?${otherwise}`)
  if (!hasScheme && !host.includes('.') && !isLoopback(host)) throw new StackError('is not a known stack', EXAMPLES)
}
