/** A Prisma Cloud stack: where its people log in, and where its API is. */
export interface Stack {
  readonly name: string
  /** The admin console's origin, without a trailing slash. */
  readonly console: string
  /** The API's origin, without a trailing slash. */
  readonly api: string
}

/**
 * The stack of that name, whether it is in the table or newer than it. China's are under a domain of their own, which
 * their names end with: `app.cn` is `app.prismacloud.cn`.
 */
export function stackOf(name: string): Stack {
  const [labels, domain] = name.endsWith('.cn') ? [name.slice(0, -3), 'cn'] : [name, 'io']
  const host = `${labels}.prismacloud.${domain}`
  return { name, console: `https://${host}`, api: `https://${host.replace('app', 'api')}` }
}

/** The stacks that the vendor has published (pan.dev, "Prisma Cloud API URLs"). */
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
