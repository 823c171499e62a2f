import { nearest } from '../kernel/nearest.ts'
import { type BaseUrl, basePathOf, EXAMPLES, parseBase } from './base.ts'
import { StackError } from './error.ts'
import { isLoopback } from './loopback.ts'
import { stackOf, stacks } from './stacks.ts'

/** Where a tenant's requests go. */
export interface Api extends BaseUrl {
  /** The stack's name, or null for a base of the user's own. */
  readonly stack: string | null
  /** The admin console's origin, or null for a base of the user's own. */
  readonly console: string | null
  /** What the user had typed: a stack's name, a console's address, an API's, or a base of the user's own. */
  readonly from: 'stack' | 'console' | 'api' | 'custom'
  /** Where its Compute console is, if somebody said so; else its API knows. */
  readonly compute?: BaseUrl
}

const VENDOR_HOST = /^(app|api)\d*(\.[a-z0-9-]+)?\.prismacloud\.(io|cn)$/
const STACK_NAME = /^app\d*(\.[a-z]{2,4})?(\.cn)?$/

/**
 * The target that a user means: a stack's name (`app2.eu`), a console's or API's address, with or without scheme and
 * path, or another https base; http only for loopback. Throws a {@link StackError}.
 */
export function resolveApi(text: string): Api {
  const { url, host, hasScheme } = parseBase(text)
  refuseCompute(host)
  return stackTarget(url, host, hasScheme) ?? customTarget(url, host, hasScheme)
}

/** Whether a target is a base of the user's own, or of a stack that the vendor has published. */
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

/** The vendor's own hosts, by their pattern because new stacks follow it. What comes behind them is a page's address. */
function stackTarget(url: URL, host: string, hasScheme: boolean): Api | undefined {
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
  // With a scheme, a name that no stack has yet is a host of the user's own: app.corp is one.
  return !hasScheme && STACK_NAME.test(name) ? name : undefined
}

function customTarget(url: URL, host: string, hasScheme: boolean): Api {
  refuseTypo(host, hasScheme)
  return { stack: null, console: null, origin: url.origin, basePath: basePathOf(url), from: 'custom' }
}

/** Keys must not be sent to a stranger's host because of a slip. */
function refuseTypo(host: string, hasScheme: boolean): void {
  const known = stacks.flatMap(stack => [new URL(stack.console).host, new URL(stack.api).host])
  const meant = nearest(host, hasScheme ? known : [...known, ...stacks.map(stack => stack.name)])
  const otherwise = hasScheme ? '' : ' (for a host of your own, add https://)'
  if (meant !== undefined) throw new StackError('is not a known stack', `did you mean ${meant}?${otherwise}`)
  if (!hasScheme && !host.includes('.') && !isLoopback(host)) throw new StackError('is not a known stack', EXAMPLES)
}
