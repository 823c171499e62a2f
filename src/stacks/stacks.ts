/** A Prisma Cloud stack: an installation with its own console and API. */
export interface Stack {
  readonly name: string
  /** The origin of the admin console, without a trailing slash. */
  readonly console: string
  /** The origin of the API, without a trailing slash. */
  readonly api: string
}

/**
 * Returns the stack with the given name, whether it is in the table or not. Names of stacks in China end with the
 * top-level domain: `app.cn` is `app.prismacloud.cn`.
 */
export function stackOf(name: string): Stack {
  const [labels, domain] = name.endsWith('.cn') ? [name.slice(0, -3), 'cn'] : [name, 'io']
  const host = `${labels}.prismacloud.${domain}`
  return { name, console: `https://${host}`, api: `https://${host.replace('app', 'api')}` }
}

/** All stacks that the vendor has published (pan.dev, "Prisma Cloud API URLs"). */
export const stacks: readonly Stack[] = [
  'app',
  'app2',
  'app3',
  'app4',
  'app.anz',
  'app.eu',
  'app2.eu',
  'app.gov',
  'app.cn',
  'app.ca',
  'app.sg',
  'app.uk',
  'app.ind',
  'app.jp',
  'app.fr',
  'app.id',
].map(stackOf)
