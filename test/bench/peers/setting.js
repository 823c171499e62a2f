/** Where the upstream is. */
export const UPSTREAM = process.env.UPSTREAM

/** The port at 127.0.0.1 to listen at. */
export const PORT = Number(process.env.PORT)

/** The header that every request is sent with. */
export const HEADERS = { 'x-redlock-auth': process.env.TOKEN }

/** The authority to trust, in PEM. */
export const CA = process.env.CA
