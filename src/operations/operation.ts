/**
 * What requests do to the tenant: nothing (`read`), nothing but create a file or a job (`export`), or anything else
 * (`write`). A `session` request logs in or extends a session. `unknown` is a request that no API description has, so it
 * may write. The first effects are those that a client that may only read must be kept from most.
 */
const STRONGEST_FIRST = ['session', 'write', 'unknown', 'export', 'read'] as const

/** What a request does to the tenant, as far as that is known; see `STRONGEST_FIRST`. */
export type RequestEffect = (typeof STRONGEST_FIRST)[number]

/** What an operation does to the tenant, judged from its description. */
export type Effect = Exclude<RequestEffect, 'unknown'>

/** Returns the effect of the two from which a client that may only read must be kept more. */
export function stronger<E extends RequestEffect>(one: E, other: E): E {
  return STRONGEST_FIRST.indexOf(one) <= STRONGEST_FIRST.indexOf(other) ? one : other
}

/** An operation of the API, as its public descriptions define it and `operations.tsv` lists it. */
export interface Operation {
  readonly method: string
  /** The path template: `/v2/policy/{id}`. Compute's start with `/_compute`, as clients of the proxy send them. */
  readonly template: string
  readonly effect: Effect
  /** A day on which it was deprecated already, in seconds since the epoch. Missing unless it is deprecated. */
  readonly deprecatedAt?: number
  /** The documented rate limit, if there is one: requests per second, and how many at once. */
  readonly limit?: { readonly rate: number; readonly burst: number }
  /** The member of the request body that takes the token of the next page, if there is one. */
  readonly pageToken?: string
}

/** The operations whose templates begin with the same segments. */
export interface Branch {
  /** The branches for literal segments, which are in lower case. */
  readonly literals?: Readonly<Record<string, Branch>>
  /** The branch for a segment that is a version: `v{version}` matches `v1` and `v34.04`. */
  readonly version?: Branch
  /** The branch for a segment with any value: `{id}`. */
  readonly variable?: Branch
  /** The operations whose template ends here. */
  readonly operations?: readonly Operation[]
}
