import packageJson from '../../package.json' with { type: 'json' }

/** The version of this product. */
export const { version } = packageJson

/** What this product calls itself to servers and proxies, where no client's own name is passed on. */
export const USER_AGENT = `prismacloud-proxy/${version}`
