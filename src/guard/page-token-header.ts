/** The header in which the proxy's own page shows that a request comes from it. The page, in a browser, has it from here. */
export const PAGE_TOKEN_HEADER = 'x-prismacloud-proxy-page-token'
