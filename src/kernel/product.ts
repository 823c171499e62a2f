import packageJson from '../../package.json' with { type: 'json' }

/** The version of this product, from package.json. */
export const { version } = packageJson

/** The name of the program, which every command line begins with. */
export const PROGRAM = 'prismacloud-proxy'

/** The User-Agent of the proxy's own requests; forwarded requests keep the client's. */
export const USER_AGENT = `prismacloud-proxy/${version}`
