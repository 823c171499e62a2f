/** What every key and channel in the store begins with, so that a user of the store can be limited to them. */
export const PREFIX = 'prismacloud-proxy:'
