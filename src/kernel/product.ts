import packageJson from '../../package.json' with { type: 'json' }

/** The version of this product, from package.json. */
export const { version } = packageJson

/** The User-Agent of the proxy's own requests; forwarded requests keep the client's. */
export const USER_AGENT = `prismacloud-proxy/${version}`
