/** What all keys and channels of fleets begin with in the store, so that an ACL can limit a user to them. */
export const PREFIX = 'prismacloud-proxy:'
